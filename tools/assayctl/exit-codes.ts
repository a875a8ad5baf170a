import { GrpcCallError } from '@assay/shared/runtime/grpc-client';

/** Exit codes and what they mean, in the words of the help. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'a fault, or doctor found something wrong' },
  usage: { code: 2, meaning: 'the command line, or a file that it names, is wrong; nothing was sent' },
  unavailable: { code: 3, meaning: 'a service did not answer in time; a command may have been carried out: repeat it' },
  refused: { code: 4, meaning: 'the service refused; the reason is shown' },
  unknown: { code: 5, meaning: 'what was asked for does not exist' },
  forbidden: { code: 6, meaning: 'this caller may not' },
  interrupted: { code: 130, meaning: 'ended by Ctrl-C' },
} as const;

export type Ending = keyof typeof EXIT_CODES;

/** The command line cannot be carried out as it stands. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Nothing answers at an address, or what answers is not what was asked for. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Doctor has shown what is wrong: there is nothing to add. */
export class FailedChecks extends Error {
  override readonly name = 'FailedChecks';

  constructor(count: number) {
    super(`${count} checks failed`);
  }
}

/** How a run ends that `error` ended. */
export function endingOf(error: unknown): Ending {
  if (error instanceof UsageError) return 'usage';
  if (error instanceof UnreachableError) return 'unavailable';
  return error instanceof GrpcCallError ? ENDINGS[error.code] : 'failed';
}

const ENDINGS = {
  OK: 'ok',
  CANCELLED: 'interrupted',
  UNKNOWN: 'failed',
  INVALID_ARGUMENT: 'refused',
  DEADLINE_EXCEEDED: 'unavailable',
  NOT_FOUND: 'unknown',
  ALREADY_EXISTS: 'refused',
  PERMISSION_DENIED: 'forbidden',
  RESOURCE_EXHAUSTED: 'refused',
  FAILED_PRECONDITION: 'refused',
  ABORTED: 'refused',
  OUT_OF_RANGE: 'refused',
  UNIMPLEMENTED: 'failed',
  INTERNAL: 'failed',
  UNAVAILABLE: 'unavailable',
  DATA_LOSS: 'failed',
  UNAUTHENTICATED: 'forbidden',
} as const satisfies Record<GrpcCallError['code'], Ending>;
