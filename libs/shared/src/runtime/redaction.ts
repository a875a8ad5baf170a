/** Fields that never reach a log: spendable or signing material, and what opens doors. In lower case, without `_` and `-`. */
const SECRET_FIELDS = new Set([
  'secret',
  'secrets',
  'proof',
  'proofs',
  'inputs',
  'witness',
  'token',
  'tokens',
  'preimage',
  'privatekey',
  'mastersecret',
  'password',
  'authorization',
  'cookie',
  'setcookie',
  'credentials',
  'mongodburi',
  'natsurl',
]);
const REDACTED = '[redacted]';
const DEPTH_MAX = 8;
const ITEMS_MAX = 50;
const CREDENTIALS_IN_URL = /\/\/[^\s/@]+@/g;

/**
 * What of `fields` may be logged, at any depth. Of errors only type, text, code, reason and causes: drivers and clients hang
 * documents, requests and answers on them. Of bytes only their number.
 */
export function redacted(fields: object): Record<string, unknown> {
  return fieldsOf(fields, 0);
}

function fieldsOf(fields: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [
    key,
    SECRET_FIELDS.has(key.toLowerCase().replace(/[_-]/g, '')) ? REDACTED : valueOf(value, depth + 1),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function valueOf(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(CREDENTIALS_IN_URL, `//${REDACTED}@`);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return '[deep]';
  if (value instanceof Error) return errorOf(value, depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return itemsOf(value, depth);
  if ('toJSON' in value && typeof value.toJSON === 'function') return valueOf(value.toJSON(), depth + 1);
  return fieldsOf(value, depth);
}

function itemsOf(items: readonly unknown[], depth: number): unknown[] {
  const shown = items.slice(0, ITEMS_MAX).map((item) => valueOf(item, depth + 1));
  return items.length > ITEMS_MAX ? [...shown, `${items.length - ITEMS_MAX} more`] : shown;
}

function errorOf(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const known = {
    ...{ type: name, message, stack, cause },
    code: 'code' in error ? error.code : undefined,
    reason: 'reason' in error ? error.reason : undefined,
    errors: error instanceof AggregateError ? error.errors : undefined,
  };
  return fieldsOf(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)), depth);
}
