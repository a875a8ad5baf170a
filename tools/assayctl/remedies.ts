import type { Reason } from '@assay/proto/reasons';
import { GrpcCallError } from '@assay/shared/runtime/grpc-client';
import { messageOf } from '@assay/shared/kernel/fault-text';
import { UnreachableError } from './exit-codes.ts';

/** What a person can do about a refusal, where the reason alone does not say it. */
const REMEDIES: Partial<Record<Reason, string>> = {
  DEPENDENCY_UNAVAILABLE: 'repeat in a moment; `assayctl doctor` says what is away',
  CALLER_NOT_ALLOWED: 'use a certificate of a caller that may (--cert, --key, --ca); without TLS leave --actor out',
  PAGE_TOKEN_INVALID: 'list again from the beginning',
  REQUEST_ID_REUSED: 'that request id belongs to another command: leave --request-id out to get a new one',
  CONFLICT: 'somebody changed the same thing at the same time: repeat with the same --request-id',
  DEAD_LETTER_UNKNOWN: '`assayctl dead-letters list --state any` shows all',
  DEAD_LETTER_CLOSED: 'it was replayed or dropped before; `assayctl dead-letters show` says why',
  DEAD_LETTER_POISON: 'it can never be accepted: find out why, then drop it',
  REASON_TOO_SHORT: 'say in at least 10 characters why',
  QUOTE_UNKNOWN: 'give a quote id, a natural key (ehash:POOL/BATCH, reward:REFERENCE) or POOL/BATCH',
  CUT_NOT_FINAL: 'a supply is final a minute after its instant: ask for an earlier --at, or for now',
  BREACH_OPEN: 'find and mend the cause, acknowledge the breach (`assayctl breaches list`), then resume',
  BREACH_STILL_TRUE: 'the auditor checked the rule again: mend the cause first',
  SIGNATORY_UNAVAILABLE: 'see that the signatory runs; then repeat with the same --request-id',
  FUND_UNIT_AUDITED: 'ecash of this unit comes from audited work only: grants are for other units',
  REFERENCE_REUSED: 'this id was used with another content: choose another',
  SAME_ACTOR: 'a grant needs two people: another operator has to approve it',
  FINAL_EXPIRY_TOO_SOON: 'a keyset of HASH lives at least 90 days: --final-expiry 365d',
  AMOUNTS_INVALID: 'amounts are ascending powers of two; leave --amounts out to keep those of the keyset before',
  OPERATION_UNKNOWN: 'operation ids are 64 hex digits, as `quotes get` lists them',
  RESUME_TOKEN_EXPIRED: 'watch without --resume-token: it begins with all quotes that match',
  WATCH_TOO_SLOW: 'read faster, or match fewer quotes; resume with the last token',
};

const BY_CODE: Partial<Record<GrpcCallError['code'], string>> = {
  UNAVAILABLE: '`assayctl doctor` says what is away; a command is safe to repeat with the same --request-id',
  DEADLINE_EXCEEDED: 'give it more time with --deadline; a command is safe to repeat with the same --request-id',
  UNIMPLEMENTED: 'this version of the service does not serve it',
  INTERNAL: 'the service has logged what happened; its log line names the trace',
};

/** An error for a person and for a script: what happened, the service's reason, what to do. */
export interface Explained {
  readonly message: string;
  /** gRPC code, and the reason that came with it; empty when there is none. */
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
}

export function explain(error: unknown): Explained {
  const message = messageOf(error);
  if (error instanceof GrpcCallError) {
    const { code, reason } = error;
    return { message, code, reason, remedy: remedyOf(reason) ?? BY_CODE[code] ?? '' };
  }
  const remedy =
    error instanceof UnreachableError
      ? 'does it run? flags say where it does (--help); `assayctl doctor` asks every service'
      : '';
  return { message, code: '', reason: '', remedy };
}

function remedyOf(reason: string): string | undefined {
  return Object.hasOwn(REMEDIES, reason) ? REMEDIES[reason as Reason] : undefined;
}
