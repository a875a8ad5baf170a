import { doubleSha256 } from '@assay/shared/kernel/hash';
import type { StratumJob } from './stratum-client.ts';

/** The 80 header bytes of a job with the nonce still zero, as every Stratum miner builds them. */
export function headerOf(job: StratumJob, extranonce1: string, extranonce2: string): Uint8Array {
  const coinbase = Buffer.from(job.coinbasePrefix + extranonce1 + extranonce2 + job.coinbaseSuffix, 'hex');
  let root = doubleSha256(coinbase);
  for (const step of job.branch) root = doubleSha256(root, Buffer.from(step, 'hex'));
  const header = Buffer.alloc(80);
  header.writeUInt32LE(Number.parseInt(job.version, 16), 0);
  Buffer.from(job.prevHash, 'hex').swap32().copy(header, 4);
  header.set(root, 36);
  header.writeUInt32LE(Number.parseInt(job.ntime, 16), 68);
  header.writeUInt32LE(Number.parseInt(job.bits, 16), 72);
  return header;
}

/** The header with its nonce, hashed: the share's name in the pool's database (hex, internal order). */
export function shareHash(header: Uint8Array, nonce: number): string {
  const whole = Buffer.from(header);
  whole.writeUInt32LE(nonce, 76);
  return Buffer.from(doubleSha256(whole)).toString('hex');
}

const DIFFICULTY_ONE = 0xffffn << 208n;

/** Target (32 bytes big-endian) of a Stratum difficulty, which is a power of two in this pool. */
export function targetOf(difficulty: number): Uint8Array {
  const log2 = Math.floor(Math.log2(difficulty));
  const target = log2 >= 0 ? DIFFICULTY_ONE >> BigInt(log2) : DIFFICULTY_ONE << BigInt(-log2);
  return Buffer.from(target.toString(16).padStart(64, '0'), 'hex');
}
