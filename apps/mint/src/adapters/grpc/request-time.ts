import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';

/** The last instant that a date can hold. */
const LAST_MS = 8_640_000_000_000_000n;

/** @throws GrpcFault REQUEST_INVALID */
export function parseTime(ms: bigint): UnixMs {
  if (ms > LAST_MS) throw new GrpcFault('REQUEST_INVALID', 'a time is too large');
  return unixMs(Number(ms));
}

/** 0: not given. */
export function optionalTime(ms: bigint): UnixMs | undefined {
  return ms === 0n ? undefined : parseTime(ms);
}
