import { err, ok, type Result } from '@assay/shared/kernel/result';

const KINDS = ['P2PK', 'HTLC'] as const;
export type ConditionKind = (typeof KINDS)[number];

/** A tag: its name and its values, none of them empty. */
export type Tag = readonly [name: string, ...values: string[]];

/** A secret that carries spending conditions (NUT-10); what they mean is not judged yet. */
export interface ConditionalSecret {
  readonly kind: ConditionKind;
  readonly data: string;
  readonly tags: readonly Tag[];
}

export type SecretDefect = 'field-repeated' | 'nonce-missing' | 'data-missing' | 'tags-malformed';

/**
 * Reads a secret. Undefined: plain, which is everything but a JSON array of a kind, P2PK or HTLC, and one object (03-mint
 * section 7). An error: conditional, and so malformed that nobody may spend it.
 */
export function readSecret(secret: string): Result<ConditionalSecret | undefined, SecretDefect> {
  const parsed = parseArray(secret);
  const [kind, content] = parsed ?? [];
  if (parsed?.length !== 2 || !isKind(kind) || !isObject(content)) return ok(undefined);
  // JSON.parse takes the last of two fields with one name, other readers the first: both would be other conditions.
  if (hasRepeatedField(secret)) return err('field-repeated');
  const fields = new Map<string, unknown>(Object.entries(content));
  const data = fields.get('data');
  if (typeof fields.get('nonce') !== 'string') return err('nonce-missing');
  if (typeof data !== 'string') return err('data-missing');
  const tags = fields.has('tags') ? fields.get('tags') : [];
  return isListOfTags(tags) ? ok({ kind, data, tags }) : err('tags-malformed');
}

function parseArray(secret: string): readonly unknown[] | undefined {
  if (!secret.trimStart().startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(secret);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Of the object in `[kind, {…}]`, which is known to be JSON: its fields are the names at depth 2. */
function hasRepeatedField(json: string): boolean {
  const names = new Set<unknown>();
  let depth = 0;
  for (const [token, text] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    else if (depth === 2 && text !== undefined) {
      const name: unknown = JSON.parse(text);
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}

function isKind(value: unknown): value is ConditionKind {
  return KINDS.some((kind) => kind === value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfTags(value: unknown): value is readonly Tag[] {
  return Array.isArray(value) && value.every(isTag);
}

function isTag(value: unknown): value is Tag {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string' && text !== '');
}
