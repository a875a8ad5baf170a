import { parseHex, toHex } from './bytes.ts';
import type { Brand } from './brand.ts';
import { err, ok, type Result } from './result.ts';
import { isPublicKey } from './schnorr.ts';

/** A miner's compressed secp256k1 public key: 66 lower-case hex digits. */
export type LockingKey = Brand<string, 'LockingKey'>;
/** `[a-z0-9-]{1,32}`. */
export type PoolId = Brand<string, 'PoolId'>;

export function parseLockingKey(text: string): Result<LockingKey, 'bad-key'> {
  const bytes = parseHex(text, 33);
  if (!bytes.ok || !isPublicKey(bytes.value)) return err('bad-key');
  return ok(toHex(bytes.value) as LockingKey);
}

export function parsePoolId(text: string): Result<PoolId, 'bad-pool-id'> {
  return /^[a-z0-9-]{1,32}$/.test(text) ? ok(text as PoolId) : err('bad-pool-id');
}
