import { amount } from '@assay/shared/kernel/money';
import { later, unixMs } from '@assay/shared/kernel/clock';
import { present } from '@assay/shared/kernel/assert';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { blind, WALLET_KEY } from '../../test/wallet-secrets.ts';
import { firstRefusal } from './checks.ts';
import { MINT_CHECKS, type MintSubject, type QuoteClaim, sharesOf } from './mint-checks.ts';
import type { PointHex } from './operation.ts';
import { issued, pendingQuote, type Quote } from './quote.ts';
import { REFUSALS } from './refusals.ts';
import { SAT_UNIT } from './unit.ts';

const NOW = unixMs(1_795_227_000_000);
const ACTIVE = aKeyset({ name: 'active' });
const INACTIVE = aKeyset({ name: 'inactive', active: false });
const EXPIRED = aKeyset({ name: 'expired', finalExpiryS: BigInt(NOW) / 1_000n });
const SAT = aKeyset({ name: 'sat', unit: SAT_UNIT });
const KEYSETS = new Map([ACTIVE, INACTIVE, EXPIRED, SAT].map((keyset) => [keyset.id, keyset]));
const OFF_CURVE = `02${'0'.repeat(63)}5` as PointHex;

const PENDING = pendingQuote(
  { poolId: 'pool-1', batchId: 'b-0001', lockingKey: WALLET_KEY, batchHash: '00'.repeat(32), creditSum: 28n },
  { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', now: NOW, trace: undefined },
);
const PAID: Quote = { ...PENDING, state: 'PAID', amountPaid: amount(8n), auditCode: 'OK' };
const FAILED: Quote = { ...PENDING, state: 'FAILED', auditCode: 'TEMPLATE_INVALID' };
const OTHER: Quote = { ...PAID, naturalKey: 'ehash:pool-1/b-0002', quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e70' };
const LIGHTNING: Quote = { ...PAID, method: 'bolt11', unit: SAT_UNIT, pubkey: undefined };
const UNPAID: Quote = { ...LIGHTNING, state: 'UNPAID', amountPaid: amount(0n), expiry: later(NOW, 1) };
const OUTPUTS = [1n, 2n].map((value) => blind(`out-${value}`, value, ACTIVE).output);

function claim(quote: Quote | undefined, fields: Partial<QuoteClaim> = {}): QuoteClaim {
  const isLocked = quote?.pubkey !== undefined;
  const signed = { hasSignature: isLocked, signedAs: () => (isLocked ? ('v1' as const) : undefined) };
  return { quoteId: quote?.quote ?? 'unknown', quote, amount: undefined, ...signed, ...fields };
}

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
    claims: [claim(PAID)],
    batchMax: undefined,
    ...fields,
  };
}

const ofQuote = (quote: Quote | undefined, fields: Partial<QuoteClaim> = {}) =>
  subject({ claims: [claim(quote, fields)], method: quote?.method ?? 'ehash' });
const batch = (claims: readonly QuoteClaim[], fields: Partial<MintSubject> = {}) =>
  subject({ claims, batchMax: 2, outputs: one(16n), method: claims[0]?.quote?.method ?? 'ehash', ...fields });
const lightning = (values: readonly bigint[], fields: Partial<MintSubject> = {}) =>
  subject({
    ...{ claims: [claim(LIGHTNING)], method: 'bolt11' },
    outputs: values.map((value) => blind(`sat-${value}`, value, SAT).output),
    ...fields,
  });

function ofKeyset(id: string) {
  return subject({ outputs: OUTPUTS.map((output) => ({ ...output, keyset: id })) });
}

function one(value: bigint) {
  return [{ ...blind(`one-${value}`, value, ACTIVE).output, amount: amount(value) }];
}

type Fault = readonly [row: string, what: string, code: number, detail: string, spoilt: MintSubject];

const FAULTS: readonly Fault[] = [
  ['counts', 'no outputs', 51_000, 'no outputs', subject({ outputs: [] })],
  ['counts', 'too many outputs', 11_015, 'more than 1', subject({ limits: { inputs: 3, outputs: 1 } })],
  ['points', 'a B_ off the curve', 51_000, 'curve', subject({ outputs: OUTPUTS.map((o) => ({ ...o, b: OFF_CURVE })) })],
  ['paused', 'level ISSUANCE', 20_003, 'paused', subject({ level: 'ISSUANCE' })],
  ['paused', 'level ALL', 20_003, 'paused', subject({ level: 'ALL' })],
  ['quote-count', 'a batch of nothing', 51_000, 'no quotes', batch([])],
  ['quote-count', 'a batch of too many', 11_017, 'more than 2', batch([claim(PAID), claim(OTHER), claim(undefined)])],
  ['repeated-quotes', 'one quote twice', 11_016, 'repeated', batch([claim(PAID), claim(PAID)])],
  ['quotes', 'an unknown quote', 51_003, 'not known', ofQuote(undefined)],
  ['quotes', 'a quote of another method', 51_003, 'not known', subject({ method: 'bolt11' })],
  ['quotes', 'an unknown one among known', 51_003, 'not known', batch([claim(PAID), claim(undefined)])],
  ['quotes', 'two methods', 51_003, 'not known', batch([claim(PAID), claim({ ...OTHER, method: 'reward' })])],
  ['quote-units', 'two units', 11_009, 'units', batch([claim(PAID), claim({ ...OTHER, unit: SAT_UNIT })])],
  ['quote-state', 'a quote before its audit', 20_001, 'audit pending', ofQuote(PENDING)],
  ['quote-state', 'a failed quote', 20_001, 'audit failed: TEMPLATE_INVALID', ofQuote(FAILED)],
  ['quote-state', 'an unpaid quote', 20_001, 'not paid', ofQuote(UNPAID)],
  ['quote-state', 'an unpaid quote that ended', 20_007, 'expired', ofQuote({ ...UNPAID, expiry: NOW })],
  ['quote-state', 'an issued quote', 20_002, 'issued', ofQuote(issued(PAID, amount(8n), NOW))],
  [
    'quote-state',
    'an issued one among others',
    20_002,
    'issued',
    batch([claim(PAID), claim(issued(OTHER, amount(8n), NOW))]),
  ],
  ['nut20', 'no valid signature', 20_008, 'signature', ofQuote(PAID, { signedAs: () => undefined })],
  [
    'nut20',
    'one unsigned of two',
    20_008,
    'signature',
    batch([claim(PAID), claim(OTHER, { signedAs: () => undefined })]),
  ],
  [
    ...(['nut20', 'a signature for an unlocked one in a batch', 20_008, 'without a key'] as const),
    batch([claim(PAID), claim({ ...OTHER, pubkey: undefined }, { hasSignature: true })]),
  ],
  ['repeated-outputs', 'one B_ twice', 11_008, 'repeated', subject({ outputs: [...OUTPUTS, ...OUTPUTS] })],
  ['keysets', 'an unknown keyset', 12_001, 'known', ofKeyset('ff')],
  ['keysets', 'an expired keyset', 12_003, 'expired', ofKeyset(EXPIRED.id)],
  ['keysets', 'an inactive keyset', 12_002, 'inactive', ofKeyset(INACTIVE.id)],
  ['units', 'another unit than the quote', 11_010, 'unit', ofKeyset(SAT.id)],
  ['units', 'outputs of two units', 11_009, 'units', subject({ outputs: [...OUTPUTS, blind('sat', 1n, SAT).output] })],
  ['amounts', 'no denomination', 11_006, 'denomination', subject({ outputs: one(3n) })],
  ['amounts', 'zero', 11_006, 'denomination', subject({ outputs: one(0n) })],
  ['balance', 'more than was paid', 11_005, '16 asked of a quote, mintable is 8', subject({ outputs: one(16n) })],
  ['balance', 'a part of a bolt11 quote', 11_005, '4 asked of a quote, mintable is 8', lightning([4n])],
  ['balance', 'more than a bolt11 quote', 11_005, '16 asked of a quote, mintable is 8', lightning([16n])],
  [
    'balance',
    'less than a batch takes',
    11_005,
    'of the quotes 16',
    batch([claim(PAID), claim(OTHER)], { outputs: one(8n) }),
  ],
  [
    ...(['balance', 'more of one quote of a batch than is mintable', 11_005, '9 asked'] as const),
    batch([claim(PAID, { amount: amount(7n) }), claim(OTHER, { amount: amount(9n) })]),
  ],
  [
    ...(['balance', 'nothing of one quote of a batch', 11_005, '0 asked'] as const),
    batch([claim(PAID), claim(OTHER, { amount: amount(0n) })], { outputs: one(8n) }),
  ],
  [
    ...(['balance', 'a part of one bolt11 quote of a batch', 11_005, '4 asked'] as const),
    lightning([4n], { claims: [claim(LIGHTNING, { amount: amount(4n) })], batchMax: 2 }),
  ],
];

describe('the checks of a mint', () => {
  it('are the rows of the specification in their order', () => {
    expect(MINT_CHECKS.map(({ row }) => row)).toEqual([
      ...['counts', 'points', 'paused', 'quote-count', 'repeated-quotes', 'quotes', 'quote-units', 'quote-state'],
      ...['nut20', 'repeated-outputs', 'keysets', 'units', 'amounts', 'balance'],
    ]);
    expect(new Set(FAULTS.map(([row]) => row))).toEqual(new Set(MINT_CHECKS.map(({ row }) => row)));
  });

  it.each([
    ['a part of what was paid', subject()],
    ['all of it', subject({ outputs: one(8n) })],
    ['all of a bolt11 quote', lightning([8n])],
    [
      'an unlocked quote with a signature, where no other quote is',
      ofQuote({ ...PAID, pubkey: undefined }, { hasSignature: true }),
    ],
    ['a batch of all that is mintable', batch([claim(PAID), claim(OTHER)])],
    ['a batch of one', batch([claim(PAID)], { outputs: one(8n) })],
    [
      'a batch of parts, one of them unlocked',
      batch([claim(PAID, { amount: amount(3n) }), claim({ ...OTHER, pubkey: undefined }, { amount: amount(5n) })], {
        outputs: one(8n),
      }),
    ],
    ['a batch of bolt11', lightning([8n], { claims: [claim(LIGHTNING, { amount: amount(8n) })], batchMax: 2 })],
  ])('take %s', (_, good) => {
    expect(firstRefusal(MINT_CHECKS, good)).toBeUndefined();
  });

  it.each(FAULTS)('row %s refuses %s with %s', (row, _, code, detail, spoilt) => {
    const refusing = MINT_CHECKS.find(({ refuse }) => refuse(spoilt) !== undefined);
    expect(refusing?.row).toBe(row);
    const refused = present(firstRefusal(MINT_CHECKS, spoilt), 'a refusal');
    expect(REFUSALS[refused.code].code).toBe(code);
    expect(refused.detail).toContain(detail);
  });

  it('of two faults the earlier row answers', () => {
    const unsigned = { signedAs: () => undefined };
    const outputs = [...one(3n), ...one(3n)];
    const [pending, paid] = [[claim(PENDING, unsigned)], [claim(PAID, unsigned)]];
    expect(firstRefusal(MINT_CHECKS, subject({ claims: pending, outputs, level: 'ALL' }))?.code).toBe(
      'minting-disabled',
    );
    expect(firstRefusal(MINT_CHECKS, subject({ claims: pending, outputs }))?.code).toBe('quote-not-paid');
    expect(firstRefusal(MINT_CHECKS, subject({ claims: paid, outputs }))?.code).toBe('quote-signature');
    expect(firstRefusal(MINT_CHECKS, subject({ outputs }))?.code).toBe('repeated-output');
  });

  it('whatever a batch asks, it takes what its outputs are worth and of no quote more than is mintable', () => {
    const shares = fc.array(fc.bigInt({ min: 0n, max: 10n }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shares, fc.bigInt({ min: 0n, max: 40n }), (asked, worth) => {
        const claims = asked.map((share, at) => claim({ ...PAID, quote: `q-${at}` }, { amount: amount(share) }));
        const outputs = [...worth.toString(2)]
          .reverse()
          .flatMap((bit, power) => (bit === '1' ? one(2n ** BigInt(power)) : []));
        const limits = { inputs: 0, outputs: 64 };
        const wanted = batch(claims, { batchMax: 4, outputs, limits });
        const isTaken = firstRefusal(MINT_CHECKS, wanted) === undefined;
        const isFair = asked.every((share) => share >= 1n && share <= 8n);
        expect(isTaken).toBe(isFair && asked.reduce((sum, share) => sum + share, 0n) === worth);
        if (isTaken) expect(sharesOf(wanted)).toEqual(asked);
      }),
      { numRuns: 200 },
    );
  });
});
