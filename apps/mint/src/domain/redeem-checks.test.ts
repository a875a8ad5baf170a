import { amount } from '@assay/shared/kernel/money';
import { unixMs } from '@assay/shared/kernel/clock';
import { expect, test } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { firstRefusal } from './checks.ts';
import { REDEEM_CHECKS, type RedeemSubject } from './redeem-checks.ts';
import type { RefusalCode } from './refusals.ts';
import type { ProofInput } from './request.ts';
import { pointOfSecret } from './side-checks.ts';
import { HASH_UNIT, SAT_UNIT } from './unit.ts';

const KEYSET = aKeyset({ name: 'redeemed', inputFeePpk: 500n });
const RETIRED = aKeyset({ name: 'retired', active: false, inputFeePpk: 500n });
const EXPIRED = aKeyset({ name: 'expired', finalExpiryS: 1n });
const SAT = aKeyset({ name: 'sat', unit: SAT_UNIT });
const KEYSETS = [KEYSET, RETIRED, EXPIRED, SAT];
const POINT = pointOfSecret('a point');

const proof = (secret: string, value: bigint, more: Partial<ProofInput> = {}): ProofInput => ({
  ...{ amount: amount(value), keyset: KEYSET.id, secret, c: POINT, witness: undefined },
  ...more,
});

function subject(inputs: readonly ProofInput[], more: Partial<RedeemSubject> = {}): RedeemSubject {
  return {
    ...{ inputs, outputs: [], ys: () => inputs.map(({ secret }) => pointOfSecret(secret)) },
    keysetOf: (id) => KEYSETS.find((keyset) => keyset.id === id),
    ...{
      now: unixMs(1_795_227_413_000),
      limits: { inputs: 4, outputs: 4 },
      level: 'NONE',
      unit: HASH_UNIT,
      amount: 11n,
    },
    ...more,
  };
}

const GOOD = [proof('a', 8n), proof('b', 4n, { keyset: RETIRED.id })];
const LOCKED = JSON.stringify(['P2PK', { nonce: 'n', data: POINT }]);

test('proofs that are worth the amount, less the fee, pass every row', () => {
  expect(firstRefusal(REDEEM_CHECKS, subject(GOOD))).toBeUndefined();
});

const ROWS: [string, RefusalCode, RedeemSubject][] = [
  ['counts', 'bad-request', subject([])],
  ['counts', 'too-many-inputs', subject(['a', 'b', 'c', 'd', 'e'].map((secret) => proof(secret, 1n)))],
  ['sizes', 'bad-request', subject([proof('s'.repeat(2_049), 8n)])],
  ['sizes', 'bad-request', subject([proof('a', 8n, { witness: 'w'.repeat(8_193) })])],
  ['points', 'bad-request', subject([proof('a', 8n, { c: `02${'ff'.repeat(32)}` as ProofInput['c'] })])],
  ['paused', 'paused', subject(GOOD, { level: 'ALL' })],
  ['repeated-inputs', 'repeated-input', subject([proof('a', 8n), proof('a', 4n)])],
  ['keysets', 'keyset-unknown', subject([proof('a', 8n, { keyset: '00' })])],
  ['keysets', 'keyset-expired', subject([proof('a', 8n, { keyset: EXPIRED.id })])],
  ['units', 'several-units', subject([proof('a', 8n), proof('b', 4n, { keyset: SAT.id })])],
  ['units', 'units-differ', subject(GOOD, { unit: SAT_UNIT })],
  ['amounts', 'amount-outside-limit', subject([proof('a', 12n)])],
  ['balance', 'unbalanced', subject(GOOD, { amount: 12n })],
  ['balance', 'unbalanced', subject(GOOD, { amount: 10n })],
  ['balance', 'unbalanced', subject([proof('a', 1n)], { amount: 0n })],
  ['spending-conditions', 'witness-invalid', subject([proof(LOCKED, 8n), proof('b', 4n)])],
];

test.each(ROWS)('row %s refuses %s, and no row before it', (row, code, refused) => {
  const first = REDEEM_CHECKS.find(({ refuse }) => refuse(refused) !== undefined);
  expect([first?.row, firstRefusal(REDEEM_CHECKS, refused)?.code]).toEqual([row, code]);
});

test('every row is enumerated', () => {
  expect([...new Set(ROWS.map(([row]) => row))]).toEqual(REDEEM_CHECKS.map(({ row }) => row));
});

test('a pause of issuance alone does not stop a redeem', () => {
  expect(firstRefusal(REDEEM_CHECKS, subject(GOOD, { level: 'ISSUANCE' }))).toBeUndefined();
});
