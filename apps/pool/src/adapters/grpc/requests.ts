import { toHex } from '@assay/shared/kernel/bytes';
import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { type LockingKey, parseLockingKey } from '@assay/shared/kernel/ids';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';

const INSTANT_MAX = 8_640_000_000_000_000n;

/** @throws GrpcFault `REQUEST_INVALID` */
export function lockingKeyOf(bytes: Uint8Array): LockingKey {
  const parsed = parseLockingKey(toHex(bytes));
  if (parsed.ok) return parsed.value;
  throw new GrpcFault('REQUEST_INVALID', 'locking_key is not a compressed point of 33 bytes');
}

/** 64 hex of 32 bytes. @throws GrpcFault `REQUEST_INVALID` */
export function hashTextOf(bytes: Uint8Array, field: string): string {
  if (bytes.length !== 32) throw new GrpcFault('REQUEST_INVALID', `${field} has not 32 bytes`);
  return toHex(bytes);
}

/** The instant, or none for 0. @throws GrpcFault `REQUEST_INVALID` */
export function instantOf(ms: bigint, field: string): UnixMs | undefined {
  if (ms > INSTANT_MAX) throw new GrpcFault('REQUEST_INVALID', `${field} is beyond all dates`);
  return ms === 0n ? undefined : unixMs(Number(ms));
}

/** A whole number that a page token carries. @throws GrpcFault `PAGE_TOKEN_INVALID` */
export function tokenNumber(text: string | undefined): number {
  if (text !== undefined && /^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new GrpcFault('PAGE_TOKEN_INVALID', 'page_token is not one that this method returned');
}

/** @throws GrpcFault `PAGE_TOKEN_INVALID` */
export function tokenText(text: string | undefined): string {
  if (text !== undefined) return text;
  throw new GrpcFault('PAGE_TOKEN_INVALID', 'page_token is not one that this method returned');
}
