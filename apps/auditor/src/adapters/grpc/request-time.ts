import { GrpcFault } from '@assay/shared/runtime/grpc-server';

/** The last instant that a date can hold. */
const LAST_MS = 8_640_000_000_000_000n;

/** Unix ms of a request's field; 0 stays 0. @throws GrpcFault `REQUEST_INVALID` */
export function msOf(ms: bigint, field: string): number {
  if (ms > LAST_MS) throw new GrpcFault('REQUEST_INVALID', `${field}: no such time`);
  return Number(ms);
}
