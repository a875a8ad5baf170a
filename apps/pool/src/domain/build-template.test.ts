import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import type { PoolId } from '@assay/shared/kernel/ids';
import { buildTemplate, readNodeTemplate } from './build-template.ts';
import { heightPush } from './coinbase.ts';

const SETTINGS = {
  poolId: 'pool-1' as PoolId,
  versionMask: 0x1fffe000,
  coinbaseTag: utf8('/assay/'),
  payouts: [
    { script: fromHex('0014482a532f430ddf94cbb1512d0fa53056bc75524f'), ppm: 990_000 },
    { script: fromHex('512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'), ppm: 10_000 },
  ],
};

const display = (hash: Uint8Array) => toHex(Uint8Array.from(hash).reverse());

/** The template of 01-pool section 19, A1, as a node would give it. */
const A1 = {
  version: 0x20000000,
  previousblockhash: '000000000000000000011a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f',
  bits: '17034219',
  height: 840_001,
  mintime: 1_795_227_000,
  curtime: 1_795_227_100,
  coinbasevalue: 312_512_345,
  default_witness_commitment: `6a24aa21a9ed${toHex(sha256(utf8('commit')))}`,
  transactions: ['a', 'b', 'c'].map((name) => ({ data: '00', txid: display(sha256(utf8(name))) })),
  rules: ['csv', '!segwit'],
  longpollid: 'x',
};

function built(answer: unknown) {
  const node = readNodeTemplate(answer);
  if (!node.ok) throw new Error(node.error.field);
  const result = buildTemplate(node.value, SETTINGS, unixMs(0));
  if (!result.ok) throw new Error(result.error.field);
  return result.value;
}

describe('a template from a node', () => {
  it('has the coinbase, the branch and the id of example A1', () => {
    const { template } = built(A1);
    expect(toHex(template.coinbasePrefix)).toBe(`0200000001${'0'.repeat(64)}ffffffff190341d10c0c`);
    expect(toHex(template.coinbaseSuffix)).toBe(
      '072f61737361792fffffffff03d6df701200000000160014482a532f430ddf94cbb1512d0fa53056bc75524f83af2f00000000002251' +
        '2079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817980000000000000000266a24aa21a9ed9505cacb7c71' +
        '0ed17125fcc6cb3669e8ddca6c8cd8af6a31f6b3cd64604c309800000000',
    );
    expect(template.merkleBranch.map(toHex)).toEqual([
      'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
      'de8d9785783c6686fe29c5a453ed3c33e93e69f0d6a39edee42ba24418d10735',
    ]);
    expect(template.id).toBe('ab0f5618ae5b5d31240aa108aee4b18a407e82eb0adcdf0e9c816ac0e75ba642');
  });

  it('pays the whole value to the first entry when the others get less than one satoshi', () => {
    const { template } = built({ ...A1, coinbasevalue: 50 });
    expect(toHex(template.coinbaseSuffix)).toContain('ffffffff023200000000000000160014');
  });

  it.each([
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [127, '017f'],
    [128, '028000'],
    [32_768, '03008000'],
    [840_001, '0341d10c'],
  ])('pushes height %i as %s', (height, push) => {
    expect(toHex(heightPush(height))).toBe(push);
  });

  it.each([
    ['result', 7],
    ['height', { ...A1, height: '840001' }],
    ['coinbasevalue', { ...A1, coinbasevalue: 1.5 }],
    ['previousblockhash', { ...A1, previousblockhash: 'zz' }],
    ['transactions', { ...A1, transactions: undefined }],
    ['transactions.txid', { ...A1, transactions: [{ data: '00' }] }],
    ['transactions.data', { ...A1, transactions: [{ ...A1.transactions[0], data: 'xyz' }] }],
    ['transactions.data', { ...A1, transactions: [{ ...A1.transactions[0], data: '00'.repeat(4_000_001) }] }],
    ['default_witness_commitment', { ...A1, default_witness_commitment: 'xy' }],
    ['default_witness_commitment', { ...A1, default_witness_commitment: '00'.repeat(70_000) }],
  ])('names %s when that is what cannot be read', (field, answer) => {
    expect(readNodeTemplate(answer)).toEqual({ ok: false, error: { code: 'template-unreadable', field } });
  });
});
