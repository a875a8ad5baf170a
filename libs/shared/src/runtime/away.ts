const CAUSES_MAX = 5;

const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const FAULT_NAMES = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'ClosedConnectionError',
  'DrainingConnectionError',
  'ConnectionError',
  'NoRespondersError',
  // What JetStream's client calls a subject that no stream has.
  'JetStreamNotEnabled',
  'TimeoutError',
]);

// A member that steps down or shuts down, and a write concern that was not met in time.
const SERVER_CODES = new Set([6, 7, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/**
 * Whether `error`, or a cause of it, says that the database, NATS or another host is away, by name and code: the
 * runtime needs no driver for this. Such faults pass by waiting.
 */
export function isAway(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth += 1) {
    if (FAULT_NAMES.has(at.name) || hasAwayCode(at)) return true;
    at = causeOf(at);
  }
  return false;
}

/** A bulk error of MongoDB has what broke it as its `errorResponse`. */
function causeOf(error: Error): unknown {
  return error.cause ?? ('errorResponse' in error ? error.errorResponse : undefined);
}

function hasAwayCode(error: Error): boolean {
  if (!('code' in error)) return false;
  if (typeof error.code === 'string') return SYSTEM_CODES.has(error.code);
  return error.name.startsWith('Mongo') && typeof error.code === 'number' && SERVER_CODES.has(error.code);
}
