/** A violated expectation of our own code; stays on in production. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** The value, which by construction cannot be missing. */
export function present<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `missing: ${what}`);
  return value;
}
