import { describe, expect, it } from 'vitest';
import { fromHex } from '@assay/shared/kernel/bytes';
import { publicKeyOf, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { EASY_TARGET, HARD_TARGET, mineShare, nextBatch, sealBatch } from '@assay/testkit/hostile-batch';
import { buildTemplate, honestParts } from '@assay/testkit/hostile-template';
import type { EnvelopeCode, HoldCode } from './audit-codes.ts';
import type { Batch } from './batch.ts';
import {
  type BatchRules,
  carryAfter,
  checkEnvelope,
  checkProvenance,
  type EnvelopeFacts,
  isWellShaped,
} from './check-envelope.ts';
import type { TemplateState } from './template-machine.ts';

const SECRET = new Uint8Array(32).fill(7);
const KEY = publicKeyOf(new Uint8Array(32).fill(2));
const INTAKE = 1_795_227_600_000;
const RULES: BatchRules = {
  poolKey: xOnlyPublicKeyOf(SECRET),
  creditShift: 4,
  maxTarget: new Uint8Array(32).fill(0xff),
};
const { declared: template } = buildTemplate(honestParts({ poolId: 'hostile-1', script: fromHex('51') }));
const shares = Array.from({ length: 3 }, () => mineShare(template, { acceptedAtMs: INTAKE }));

type Change = (batch: ReturnType<typeof nextBatch>) => ReturnType<typeof nextBatch>;
function batchWith(
  change: Change = (batch) => batch,
  options: { keepRoot?: boolean; head?: { keySeq: bigint; carry: bigint } } = {},
) {
  const parts = { poolId: 'hostile-1', lockingKey: KEY, template, shares };
  return sealBatch(
    change(nextBatch(options.head ?? { keySeq: 0n, carry: 0n }, parts, { creditShift: 4 })),
    SECRET,
    options,
  );
}

const validTemplate: EnvelopeFacts['template'] = { template, state: 'VALID', holdCode: undefined };
function rule(batch: Batch, facts: Partial<EnvelopeFacts> = {}, rules = RULES) {
  const wellShaped = isWellShaped(batch, rules, INTAKE);
  return checkEnvelope(batch, {
    wellShaped,
    holdsKeySeq: true,
    predecessor: undefined,
    template: validTemplate,
    ...facts,
  });
}

describe("a batch that is not the pool's word (quarantine)", () => {
  it('of a pool that nobody configured', () => {
    expect(checkProvenance(batchWith(), undefined)).toBe('POOL_UNKNOWN');
  });

  it('whose hash does not follow from its fields', () => {
    expect(checkProvenance({ ...batchWith(), creditSum: 1_000_000n }, RULES)).toBe('BATCH_HASH_MISMATCH');
  });

  it('whose signature has a flipped byte', () => {
    const batch = batchWith();
    const poolSignature = Uint8Array.from(batch.poolSignature, (byte, at) => (at === 5 ? byte ^ 1 : byte));
    expect(checkProvenance({ ...batch, poolSignature }, RULES)).toBe('BATCH_SIGNATURE');
  });

  it('whose id could name nothing', () => {
    expect(
      checkProvenance(
        batchWith((batch) => ({ ...batch, batchId: 'a\nb' })),
        RULES,
      ),
    ).toBe('BATCH_SHAPE');
  });

  it('while an honest one is taken in', () => {
    expect(checkProvenance(batchWith(), RULES)).toBeUndefined();
  });
});

const edits =
  (change: object): Change =>
  (batch) => ({ ...batch, ...change });
const firstShare =
  (change: object): Change =>
  (batch) => ({
    ...batch,
    shares: batch.shares.map((share, index) => (index === 0 ? { ...share, ...change } : share)),
  });
const shiftCredit: Change = (batch) => ({
  ...batch,
  shares: batch.shares.map((share, index) => ({ ...share, credit: share.credit + ([1n, -1n, 0n][index] ?? 0n) })),
});

const misshapen: [string, Change][] = [
  ['it has no share', edits({ shares: [] })],
  ['it has 257 shares', (batch) => ({ ...batch, shares: Array(257).fill(batch.shares[0]) })],
  ['a header has 79 bytes', firstShare({ header80: Buffer.alloc(79) })],
  ['the key is not on the curve', edits({ lockingKey: Buffer.from(`02${'00'.repeat(31)}05`, 'hex') })],
  ['the key is too short', edits({ lockingKey: Buffer.alloc(32) })],
  ['the key_seq is 0', edits({ keySeq: 0n })],
  ['the template id is too short', edits({ templateId: Buffer.alloc(31) })],
  ['the target is too long', edits({ assignedTarget: Buffer.alloc(33, 1) })],
  ['the target is 0', edits({ assignedTarget: Buffer.alloc(32) })],
  ['the credit shift is another', edits({ creditShift: 5 })],
  ['a share comes from the future', firstShare({ acceptedAtMs: BigInt(INTAKE) + 60_001n })],
  ['the sum exceeds 2^53 − 1', edits({ creditSum: 2n ** 53n })],
];

const faults: [EnvelopeCode, string, () => ReturnType<typeof rule>][] = [
  [
    'SHARES_ROOT_MISMATCH',
    'the signed root is of other shares',
    () => rule(batchWith(edits({ sharesRoot: Buffer.alloc(32) }), { keepRoot: true })),
  ],
  ['CREDIT_MISMATCH', 'credit is moved from share to share', () => rule(batchWith(shiftCredit))],
  [
    'CREDIT_MISMATCH',
    'the sum is one more',
    () => rule(batchWith((batch) => ({ ...batch, creditSum: batch.creditSum + 1n }))),
  ],
  ['CREDIT_MISMATCH', 'the carry out is another', () => rule(batchWith(edits({ carryOut: 1n })))],
  [
    'CREDIT_MISMATCH',
    'the carry in is more than a unit',
    () => rule(batchWith((batch) => batch, { head: { keySeq: 0n, carry: 16n } })),
  ],
  [
    'CREDIT_MISMATCH',
    'credit follows the found hash, not the target',
    () => rule(batchWith(firstShare({ credit: 2048n }))),
  ],
  ['KEY_SEQ_REUSED', 'another batch has its key_seq', () => rule(batchWith(), { holdsKeySeq: false })],
  [
    'CARRY_MISMATCH',
    'the first batch of a key brings a carry',
    () => rule(batchWith((batch) => batch, { head: { keySeq: 0n, carry: 3n } })),
  ],
  [
    'CARRY_MISMATCH',
    'the carry is not what the predecessor left',
    () =>
      rule(
        batchWith((batch) => batch, { head: { keySeq: 4n, carry: 3n } }),
        { predecessor: { carryAfter: 4n } },
      ),
  ],
  ['TEMPLATE_NOT_YOURS', 'the template is of another pool', () => rule(batchWith(), withTemplate({ poolId: 'other' }))],
  [
    'TEMPLATE_NOT_YOURS',
    'another key declared the template',
    () => rule(batchWith(), withTemplate({ source: 2, declaredBy: publicKeyOf(SECRET) })),
  ],
  ['TEMPLATE_INVALID', 'the template is INVALID', () => rule(batchWith(), inState('INVALID'))],
];

function withTemplate(change: object): Partial<EnvelopeFacts> {
  return { template: { template: { ...template, ...change }, state: 'VALID', holdCode: undefined } };
}
function inState(state: TemplateState, holdCode?: HoldCode): Partial<EnvelopeFacts> {
  return { template: { template, state, holdCode } };
}

describe('the envelope of a batch (E1…E7)', () => {
  it.each(misshapen)('BATCH_SHAPE: %s', (_, change) => {
    expect(rule(batchWith(change))).toEqual({ kind: 'fault', code: 'BATCH_SHAPE' });
  });

  it('BATCH_SHAPE: the target is easier than configured', () => {
    expect(rule(batchWith(), {}, { ...RULES, maxTarget: HARD_TARGET })).toEqual({ kind: 'fault', code: 'BATCH_SHAPE' });
  });

  it.each(faults)('%s: %s', (code, _, ruling) => {
    expect(ruling()).toEqual({ kind: 'fault', code });
  });

  it.each<[HoldCode, string, Partial<EnvelopeFacts>, bigint]>([
    ['HOLD_PREVIOUS_BATCH', 'its predecessor is missing', {}, 4n],
    ['HOLD_TEMPLATE_UNKNOWN', 'its template is unknown', { template: undefined }, 0n],
    ['HOLD_TEMPLATE_PENDING', 'its template is DECLARED', inState('DECLARED'), 0n],
    ['HOLD_TEMPLATE_PENDING', 'its template is CHECKING', inState('CHECKING'), 0n],
    ['HOLD_NODES_DISAGREE', 'its template is HELD', inState('HELD', 'HOLD_NODES_DISAGREE'), 0n],
    ['HOLD_TEMPLATE_DEAD', 'its template is DEAD', inState('DEAD'), 0n],
  ])('%s: %s', (code, _, facts, keySeq) => {
    expect(
      rule(
        batchWith((batch) => batch, { head: { keySeq, carry: 0n } }),
        facts,
      ),
    ).toEqual({ kind: 'hold', code });
  });

  it.each<[string, () => ReturnType<typeof rule>]>([
    ['an honest first batch', () => rule(batchWith())],
    [
      'a later batch with the carry of its predecessor',
      () =>
        rule(
          batchWith((batch) => batch, { head: { keySeq: 4n, carry: 3n } }),
          { predecessor: { carryAfter: 3n } },
        ),
    ],
    [
      'a batch on the template that its key declared',
      () => rule(batchWith(), withTemplate({ source: 2, declaredBy: KEY })),
    ],
    [
      'a share accepted a minute after the intake',
      () => rule(batchWith(firstShare({ acceptedAtMs: BigInt(INTAKE) + 60_000n }))),
    ],
    ['a target as easy as configured', () => rule(batchWith(), {}, { ...RULES, maxTarget: EASY_TARGET })],
  ])('is sound: %s', (_, ruling) => {
    expect(ruling()).toEqual({ kind: 'sound' });
  });
});

describe('the carry that a successor has to bring', () => {
  it('is recomputed, whatever the batch says', () => {
    expect(carryAfter(batchWith(edits({ carryOut: 5n, carryIn: 7n })), true)).toBe(7n);
  });

  it('is the carry in of a misshapen batch', () => {
    expect(carryAfter(batchWith(edits({ carryIn: 9n, shares: [] })), false)).toBe(9n);
  });
});
