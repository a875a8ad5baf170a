import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aBatch, BATCH } from '../../test/signed-facts.ts';
import { type BatchFields, batchHash } from './batch-hash.ts';

// 01-pool section 19, A2.
const A2: BatchFields = {
  batchId: 'efcb7825f05633ca1fd6cd5f438d3d1b1df545810ff86366c899a71199ee7ae7',
  poolId: 'pool-1',
  lockingKey: fromHex('02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5'),
  keySeq: 1n,
  templateId: fromHex('ab0f5618ae5b5d31240aa108aee4b18a407e82eb0adcdf0e9c816ac0e75ba642'),
  assignedTarget: fromHex('000000ffff'.padEnd(64, '0')),
  creditShift: 24,
  carryIn: 0n,
  carryOut: 768n,
  creditSum: 3n,
  shareCount: 3,
  sharesRoot: fromHex('953127facbc85c00b9413cfb2338c5c847928df0c0e791b2722ab9ef1167303b'),
};

test('the hash of the batch of three shares is the one of the specification, and the pool signed it', () => {
  const hash = batchHash(A2);
  expect(toHex(hash)).toBe('fbbb7d09f208f368b5b6989b2d16ce556d84c241e84b638d931f74da0986e21b');
  const signature = fromHex(
    '17205a6556726dafbb7292d1c072514f13471ede591a9f974146d441de7f0b74c695fe400ff327bed281867a76b0e48915ddc8033519f35ee77b04191cad0648',
  );
  const poolKey = fromHex('f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9');
  expect(schnorrVerify(signature, hash, poolKey)).toBe(true);
});

// 02-auditor section 16, A1.
test('the hash of the batch of one difficulty-1 share is the one of the specification', () => {
  const hash = batchHash({
    batchId: 'b-0001',
    poolId: 'pool-1',
    lockingKey: fromHex('02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9'),
    keySeq: 1n,
    templateId: fromHex('1031dfd3c513861a2c3907c4b98653db53033985bc592af6e34d0f535184bb97'),
    assignedTarget: fromHex('00000000ffff'.padEnd(64, '0')),
    creditShift: 32,
    carryIn: 0n,
    carryOut: 65_537n,
    creditSum: 1n,
    shareCount: 1,
    sharesRoot: fromHex('f84ab544e07d4684791cbbea9d44bfdbd275ecfcaac68cc0d9a92e73780b43a8'),
  });
  expect(toHex(hash)).toBe('1d5bd9bd9f9030bd809bb867bc6080bb946d9a3fafebed0a0b582a1443ca8604');
});

test('every field is bound by the hash', () => {
  const changes: [string, Partial<BatchFields>][] = [
    ['batchId', { batchId: 'b-0002' }],
    ['poolId', { poolId: 'pool-2' }],
    ['lockingKey', { lockingKey: new Uint8Array(33) }],
    ['keySeq', { keySeq: 2n }],
    ['templateId', { templateId: new Uint8Array(32) }],
    ['assignedTarget', { assignedTarget: new Uint8Array(32) }],
    ['creditShift', { creditShift: 17 }],
    ['carryIn', { carryIn: 1n }],
    ['carryOut', { carryOut: 6n }],
    ['creditSum', { creditSum: 29n }],
    ['shareCount', { shareCount: 4 }],
    ['sharesRoot', { sharesRoot: new Uint8Array(32) }],
  ];
  const hashes = changes.map(([, change]) => toHex(batchHash({ ...BATCH, ...change })));
  expect(new Set([...hashes, toHex(BATCH.batchHash)]).size).toBe(changes.length + 1);
});

test('ids of different lengths never run into each other', () => {
  const id = fc.stringMatching(/^[a-z0-9-]{1,32}$/);
  fc.assert(
    fc.property(id, id, id, id, (batchId, poolId, otherBatch, otherPool) => {
      fc.pre(batchId !== otherBatch || poolId !== otherPool);
      const [a, b] = [aBatch({ batchId, poolId }), aBatch({ batchId: otherBatch, poolId: otherPool })];
      expect(toHex(a.batchHash)).not.toBe(toHex(b.batchHash));
    }),
    { numRuns: 30 },
  );
});
