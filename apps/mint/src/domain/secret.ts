const CONDITIONAL_KINDS: readonly unknown[] = ['P2PK', 'HTLC'];

/**
 * Whether a secret carries spending conditions (NUT-10): a JSON array whose first entry is P2PK or HTLC. As long as the
 * conditions are not enforced here, such a proof must not be spendable by whoever merely knows its secret.
 */
export function isConditional(secret: string): boolean {
  if (!secret.trimStart().startsWith('[')) return false;
  const parsed = parseJson(secret);
  return Array.isArray(parsed) && CONDITIONAL_KINDS.includes(parsed[0]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
