import { createHash, randomBytes } from 'node:crypto';
import type { BatchAccepted, Share, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import {
  bigintFromBytes,
  type Bytes,
  concat,
  lp,
  reversed,
  toHex,
  u32,
  u32le,
  u64,
  utf8,
} from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';
import { schnorrSign } from '@assay/shared/kernel/schnorr';

/** One hash in 256 is a share. */
export const EASY_TARGET = concat(Uint8Array.of(0), new Uint8Array(31).fill(0xff));
/** Hopeless: no share is found by chance. */
export const HARD_TARGET = concat(new Uint8Array(6), new Uint8Array(26).fill(0xff));

export interface Mining {
  target?: Bytes;
  /** Extranonce prefix, hex. */
  prefix?: string;
  acceptedAtMs?: number;
  ntime?: number;
  version?: number;
  prevHash?: Bytes;
  bits?: number;
  extranonce?: Bytes;
  /** Instead of the root that follows from the template. */
  root?: Bytes;
  /** Whether the header must meet the target or must miss it. */
  hash?: 'meets' | 'misses';
}

/** A share that was really mined on the template, with whatever is said to be wrong in its header. */
export function mineShare(template: TemplateDeclared, mining: Mining = {}): Share {
  const acceptedAtMs = mining.acceptedAtMs ?? Date.now();
  const prefix = Buffer.from(mining.prefix ?? '00400001', 'hex');
  const rest = randomBytes(template.extranonceSize - prefix.length);
  const extranonce = Buffer.from(mining.extranonce ?? concat(prefix, rest));
  const coinbase = doubleSha256(template.coinbasePrefix, extranonce, template.coinbaseSuffix);
  const root = mining.root ?? template.merkleBranch.reduce<Bytes>((hash, next) => doubleSha256(hash, next), coinbase);
  const header80 = Buffer.concat([
    u32le(mining.version ?? template.version),
    mining.prevHash ?? template.prevHash,
    root,
    u32le(mining.ntime ?? Math.floor(acceptedAtMs / 1_000)),
    u32le(mining.bits ?? template.bits),
    u32le(0),
  ]);
  const target = bigintFromBytes(mining.target ?? EASY_TARGET);
  const wanted = mining.hash !== 'misses';
  for (let nonce = 0; ; nonce += 1) {
    header80.writeUInt32LE(nonce, 76);
    if (bigintFromBytes(reversed(doubleSha256(header80))) <= target === wanted) break;
  }
  return { header80, extranonce, credit: 0n, acceptedAtMs: BigInt(acceptedAtMs) };
}

/** Where a key stands in the pool's books. */
export interface KeyHead {
  keySeq: bigint;
  carry: bigint;
}

/** An honest batch of the shares, next in line for its key, yet without hash and signature. */
export function nextBatch(
  head: KeyHead,
  parts: { poolId: string; lockingKey: Bytes; template: TemplateDeclared; shares: readonly Share[] },
  options: { creditShift: number; target?: Bytes },
): BatchAccepted {
  const target = options.target ?? EASY_TARGET;
  const work = 2n ** 256n / (bigintFromBytes(target) + 1n);
  let carry = head.carry;
  const shares = parts.shares.map((share) => {
    carry += work;
    const credit = carry >> BigInt(options.creditShift);
    carry -= credit << BigInt(options.creditShift);
    return { ...share, credit };
  });
  const now = BigInt(Date.now());
  return {
    batchId: createHash('sha256').update(randomBytes(32)).digest('hex'),
    poolId: parts.poolId,
    lockingKey: Buffer.from(parts.lockingKey),
    keySeq: head.keySeq + 1n,
    templateId: parts.template.templateId,
    assignedTarget: Buffer.from(target),
    creditShift: options.creditShift,
    carryIn: head.carry,
    carryOut: carry,
    creditSum: shares.reduce((sum, { credit }) => sum + credit, 0n),
    shares,
    sharesRoot: Buffer.alloc(32),
    batchHash: Buffer.alloc(32),
    poolSignature: Buffer.alloc(64),
    windowStartMs: now,
    windowEndMs: now,
    replacesBatchId: '',
  };
}

/** The batch with shares root, hash and signature over whatever it says; `keepRoot` signs the root it came with. */
export function sealBatch(
  batch: BatchAccepted,
  poolSecret: Bytes,
  options: { keepRoot?: boolean } = {},
): BatchAccepted {
  const sharesRoot = options.keepRoot === true ? batch.sharesRoot : Buffer.from(treeRoot(batch.shares.map(recordOf)));
  const batchHash = sha256(
    utf8('assay/batch/v1'),
    lp(batch.batchId),
    lp(batch.poolId),
    batch.lockingKey,
    u64(batch.keySeq),
    batch.templateId,
    batch.assignedTarget,
    u32(batch.creditShift),
    u64(batch.carryIn),
    u64(batch.carryOut),
    u64(batch.creditSum),
    u32(batch.shares.length),
    sharesRoot,
  );
  const poolSignature = Buffer.from(schnorrSign(batchHash, poolSecret));
  return { ...batch, sharesRoot, batchHash: Buffer.from(batchHash), poolSignature };
}

function recordOf({ header80, extranonce, credit, acceptedAtMs }: Share): Bytes {
  return concat(utf8('assay/share/v1'), header80, lp(extranonce), u64(credit), u64(acceptedAtMs));
}

/** RFC 9162 Merkle root over the leaves' data. */
export function treeRoot(leaves: readonly Bytes[]): Bytes {
  const [only] = leaves;
  if (only === undefined) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return sha256(Uint8Array.of(0), only);
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Uint8Array.of(1), treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split)));
}

/** Identity of a share: the double hash of its header, internal order, hex. */
export function shareHash(share: Share): string {
  return toHex(doubleSha256(share.header80));
}
