import { describe, expect, it } from 'vitest';
import { concat, fromHex, reversed, toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { schnorrSign, schnorrVerify } from '@assay/shared/kernel/schnorr';
import { JOB_VECTOR, knownTemplate, LOCKING_KEY, POOL_ID, readVector } from '../../test/known-work.ts';
import { batchIdOf, type OpenBatch, sealOf } from './batch.ts';
import { acceptedAtMs, type StoredShare } from './share.ts';

const VECTOR = readVector<{
  lockingKey: string;
  batchId: string;
  poolSecret: string;
  poolKey: string;
  seals: {
    creditShift: number;
    keySeq: string;
    carryIn: string;
    credits: string[];
    creditSum: string;
    carryOut: string;
    sharesRoot?: string;
    batchHash: string;
    signature?: string;
  }[];
}>('pool-batch');

const SHARES: readonly StoredShare[] = JOB_VECTOR.shares.map(({ header80, extranonce2, ntime, displayHash }) => {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(`0x${ntime}`) * 1000n + 250n);
  return {
    record: concat(fromHex(header80), fromHex(JOB_VECTOR.extranoncePrefix), fromHex(extranonce2), time),
    hash: reversed(fromHex(displayHash)),
  };
});

function knownBatch(): OpenBatch {
  const fields = { poolId: POOL_ID, lockingKey: LOCKING_KEY, templateId: knownTemplate().id, k: JOB_VECTOR.k };
  return {
    ...fields,
    state: 'open',
    batchId: batchIdOf(fields, SHARES[0]?.hash ?? new Uint8Array(0)),
    owner: 'instance',
    openedAt: unixMs(1_795_227_600_000),
    sealDueAt: unixMs(1_795_227_610_000),
    shares: SHARES,
    version: 1,
  };
}

describe('the batch of example A2', () => {
  it('has its batch_id', () => {
    expect(knownBatch().batchId).toBe(VECTOR.batchId);
    expect(LOCKING_KEY).toBe(VECTOR.lockingKey);
  });

  it.each(VECTOR.seals)('is sealed at shift $creditShift as key_seq $keySeq', (expected) => {
    const head = { keySeq: BigInt(expected.keySeq) - 1n, carry: BigInt(expected.carryIn) };
    const seal = sealOf(knownBatch(), head, expected.creditShift);
    expect(seal.keySeq).toBe(BigInt(expected.keySeq));
    expect(seal.carryIn).toBe(BigInt(expected.carryIn));
    expect(seal.credits.map(String)).toEqual(expected.credits);
    expect(String(seal.creditSum)).toBe(expected.creditSum);
    expect(String(seal.carryOut)).toBe(expected.carryOut);
    if (expected.sharesRoot !== undefined) expect(toHex(seal.sharesRoot)).toBe(expected.sharesRoot);
    expect(toHex(seal.batchHash)).toBe(expected.batchHash);
  });

  it('is signed by the pool key', () => {
    const [sealed] = VECTOR.seals;
    const hash = fromHex(sealed?.batchHash ?? '');
    const signature = schnorrSign(hash, fromHex(VECTOR.poolSecret));
    expect(toHex(signature)).toBe(sealed?.signature);
    expect(schnorrVerify(signature, hash, fromHex(VECTOR.poolKey))).toBe(true);
  });

  it('keeps the instants at which its shares were accepted', () => {
    expect(SHARES.map(({ record }) => acceptedAtMs(record))).toEqual([
      ...[1_795_227_600_250n, 1_795_227_601_250n, 1_795_227_605_250n],
    ]);
  });
});
