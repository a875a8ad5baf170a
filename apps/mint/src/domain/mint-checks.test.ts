import { amount } from '@assay/shared/kernel/money';
import { unixMs } from '@assay/shared/kernel/clock';
import { describe, expect, it } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { blind, WALLET_KEY } from '../../test/wallet-secrets.ts';
import { firstRefusal } from './checks.ts';
import { MINT_CHECKS, type MintSubject } from './mint-checks.ts';
import type { PointHex } from './operation.ts';
import { issued, pendingQuote, type Quote } from './quote.ts';
import type { RefusalCode } from './refusals.ts';
import type { Unit } from './unit.ts';

const NOW = unixMs(1_795_227_000_000);
const ACTIVE = aKeyset({ name: 'active' });
const INACTIVE = aKeyset({ name: 'inactive', active: false });
const EXPIRED = aKeyset({ name: 'expired', finalExpiryS: BigInt(NOW) / 1_000n });
const SAT = aKeyset({ name: 'sat', unit: 'sat' as Unit });
const KEYSETS = new Map([ACTIVE, INACTIVE, EXPIRED, SAT].map((keyset) => [keyset.id, keyset]));
const OFF_CURVE = `02${'0'.repeat(63)}5` as PointHex;

const PENDING = pendingQuote(
  { poolId: 'pool-1', batchId: 'b-0001', lockingKey: WALLET_KEY, batchHash: '00'.repeat(32), creditSum: 28n },
  { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', now: NOW, trace: undefined },
);
const PAID: Quote = { ...PENDING, state: 'PAID', amountPaid: amount(8n), auditCode: 'OK' };
const FAILED: Quote = { ...PENDING, state: 'FAILED', auditCode: 'TEMPLATE_INVALID' };
const OUTPUTS = [1n, 2n].map((value) => blind(`out-${value}`, value, ACTIVE).output);

function subject(fields: Partial<MintSubject> = {}): MintSubject {
  return {
    inputs: [],
    ys: () => [],
    outputs: OUTPUTS,
    keysetOf: (id) => KEYSETS.get(id),
    level: 'NONE',
    now: NOW,
    limits: { inputs: 3, outputs: 4 },
    method: 'ehash',
    quote: PAID,
    signedAs: () => 'v1',
    ...fields,
  };
}

function ofKeyset(id: string) {
  return subject({ outputs: OUTPUTS.map((output) => ({ ...output, keyset: id })) });
}

const one = (value: bigint) => [{ ...blind(`one-${value}`, value, ACTIVE).output, amount: amount(value) }];

const FAULTS: readonly (readonly [
  row: string,
  what: string,
  code: RefusalCode,
  detail: string,
  spoilt: MintSubject,
])[] = [
  ['counts', 'no outputs', 'bad-request', 'no outputs', subject({ outputs: [] })],
  ['counts', 'too many outputs', 'too-many-outputs', 'more than 1', subject({ limits: { inputs: 3, outputs: 1 } })],
  [
    'points',
    'a B_ off the curve',
    'bad-request',
    'curve',
    subject({ outputs: OUTPUTS.map((o) => ({ ...o, b: OFF_CURVE })) }),
  ],
  ['paused', 'level ISSUANCE', 'minting-disabled', 'paused', subject({ level: 'ISSUANCE' })],
  ['paused', 'level ALL', 'minting-disabled', 'paused', subject({ level: 'ALL' })],
  ['quote', 'an unknown quote', 'quote-unknown', 'not known', subject({ quote: undefined })],
  ['quote', 'a quote of another method', 'quote-unknown', 'not known', subject({ method: 'bolt11' })],
  ['quote-state', 'a quote before its audit', 'quote-not-paid', 'audit pending', subject({ quote: PENDING })],
  ['quote-state', 'a failed quote', 'quote-not-paid', 'audit failed: TEMPLATE_INVALID', subject({ quote: FAILED })],
  ['quote-state', 'an issued quote', 'quote-issued', 'issued', subject({ quote: issued(PAID, amount(8n), NOW) })],
  ['nut20', 'no valid signature', 'quote-signature', 'signature', subject({ signedAs: () => undefined })],
  ['repeated-outputs', 'one B_ twice', 'repeated-output', 'repeated', subject({ outputs: [...OUTPUTS, ...OUTPUTS] })],
  ['keysets', 'an unknown keyset', 'keyset-unknown', 'known', ofKeyset('ff')],
  ['keysets', 'an expired keyset', 'keyset-expired', 'expired', ofKeyset(EXPIRED.id)],
  ['keysets', 'an inactive keyset', 'keyset-inactive', 'inactive', ofKeyset(INACTIVE.id)],
  ['units', 'another unit than the quote', 'units-differ', 'unit', ofKeyset(SAT.id)],
  [
    'units',
    'outputs of two units',
    'several-units',
    'units',
    subject({ outputs: [...OUTPUTS, { ...blind('sat', 1n, SAT).output }] }),
  ],
  ['amounts', 'no denomination', 'amount-outside-limit', 'denomination', subject({ outputs: one(3n) })],
  ['amounts', 'zero', 'amount-outside-limit', 'denomination', subject({ outputs: one(0n) })],
  ['balance', 'more than was paid', 'unbalanced', 'outputs are 16, mintable is 8', subject({ outputs: one(16n) })],
];

describe('the checks of a mint', () => {
  it('are the rows of the specification in their order', () => {
    expect(MINT_CHECKS.map(({ row }) => row)).toEqual([
      ...['counts', 'points', 'paused', 'quote', 'quote-state', 'nut20', 'repeated-outputs', 'keysets', 'units'],
      ...['amounts', 'balance'],
    ]);
    expect(new Set(FAULTS.map(([row]) => row))).toEqual(new Set(MINT_CHECKS.map(({ row }) => row)));
  });

  it('take all or a part of what was paid', () => {
    expect(firstRefusal(MINT_CHECKS, subject())).toBeUndefined();
    expect(firstRefusal(MINT_CHECKS, subject({ outputs: one(8n) }))).toBeUndefined();
  });

  it.each(FAULTS)('row %s refuses %s with %s', (row, _, code, detail, spoilt) => {
    const refusing = MINT_CHECKS.find(({ refuse }) => refuse(spoilt) !== undefined);
    expect(refusing?.row).toBe(row);
    const refused = firstRefusal(MINT_CHECKS, spoilt);
    expect(refused?.code).toBe(code);
    expect(refused?.detail).toContain(detail);
  });

  it('of two faults the earlier row answers', () => {
    const everything = { signedAs: () => undefined, outputs: [...one(3n), ...one(3n)], quote: PENDING };
    expect(firstRefusal(MINT_CHECKS, subject({ ...everything, level: 'ALL' }))?.code).toBe('minting-disabled');
    expect(firstRefusal(MINT_CHECKS, subject(everything))?.code).toBe('quote-not-paid');
    expect(firstRefusal(MINT_CHECKS, subject({ ...everything, quote: PAID }))?.code).toBe('quote-signature');
    expect(firstRefusal(MINT_CHECKS, subject({ outputs: everything.outputs }))?.code).toBe('repeated-output');
  });
});
