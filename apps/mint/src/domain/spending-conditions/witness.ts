import { type Bytes, parseHex } from '@assay/shared/kernel/bytes';

/** What a spender brings (NUT-11, NUT-14). Repeated fields do no harm: whatever is read must satisfy the conditions. */
export interface Witness {
  /** How many were given, readable or not. */
  readonly given: number;
  /** The readable ones, 64 bytes each. */
  readonly signatures: readonly Bytes[];
  readonly preimage: Bytes | undefined;
}

/** Any text: what cannot be read was not given. */
export function readWitness(text: string | undefined): Witness {
  const fields = fieldsOf(text);
  const listed = fields.get('signatures');
  const given: readonly unknown[] = Array.isArray(listed) ? listed : [];
  return {
    given: given.length,
    signatures: given.flatMap((signature) => bytesOf(signature, 64) ?? []),
    preimage: bytesOf(fields.get('preimage'), 32),
  };
}

function fieldsOf(text: string | undefined): ReadonlyMap<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return new Map(typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []);
  } catch {
    return new Map();
  }
}

function bytesOf(value: unknown, length: number): Bytes | undefined {
  const bytes = typeof value === 'string' ? parseHex(value, length) : undefined;
  return bytes?.ok === true ? bytes.value : undefined;
}
