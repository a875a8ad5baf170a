import { GrpcCallError } from '@assay/shared/runtime/grpc-client';

export const VERDICTS = ['ok', 'warn', 'fail', 'skip'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What one look at one thing found: what was looked at, why it is not well, what a person does now. */
export interface Finding {
  readonly subject: string;
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** Empty when all is well. */
  readonly remedy: string;
}

/** Findings about one subject. */
export interface Findings {
  ok(check: string, found: string): Finding;
  warn(check: string, found: string, remedy: string): Finding;
  fail(check: string, found: string, remedy: string): Finding;
  /** Not looked at, and why. */
  skip(check: string, why: string): Finding;
}

export function findingsOf(subject: string): Findings {
  const finding =
    (verdict: Verdict) =>
    (check: string, found: string, remedy = ''): Finding => ({ subject, check, verdict, found, remedy });
  return { ok: finding('ok'), warn: finding('warn'), fail: finding('fail'), skip: finding('skip') };
}

/** What a look that threw has found, in a few words. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What a gRPC library adds to a deadline is for its authors.
  if (error instanceof GrpcCallError) return [error.code, error.reason].filter((word) => word !== '').join(' ');
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}
