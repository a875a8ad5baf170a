/** Why a service does not start: what failed, why, and what to do about it. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly what: string;
  readonly why: string;
  readonly remedy: string;

  constructor(fault: { readonly what: string; readonly why: string; readonly remedy: string }, cause?: unknown) {
    super(`${fault.what}: ${fault.why}`, { cause });
    this.what = fault.what;
    this.why = fault.why;
    this.remedy = fault.remedy;
  }
}
