import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { describe, expect, it } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { blind, unblind } from '../../test/wallet-secrets.ts';
import { unpaidQuote } from './bolt11-quote.ts';
import { firstRefusal } from './checks.ts';
import type { Keyset } from './keyset.ts';
import { MELT_CHECKS, type MeltSubject } from './melt-checks.ts';
import { unpaidMeltQuote } from './melt-quote.ts';
import type { OperationOutput, PointHex } from './operation.ts';
import { REFUSALS, type RefusalCode } from './refusals.ts';
import type { ProofInput } from './request.ts';
import { pointOfSecret } from './side-checks.ts';
import { HASH_UNIT, SAT_UNIT } from './unit.ts';

const NOW = unixMs(1_795_227_000_000);
const LATER = unixMs(NOW + 60_000);
const ACTIVE = aKeyset({ name: 'active', unit: SAT_UNIT });
const INACTIVE = aKeyset({ name: 'inactive', unit: SAT_UNIT, active: false, inputFeePpk: 100n });
const EXPIRED = aKeyset({ name: 'expired', unit: SAT_UNIT, active: false, finalExpiryS: BigInt(NOW) / 1_000n });
const HASH = aKeyset({ name: 'hash', unit: HASH_UNIT });
const KEYSETS = new Map([ACTIVE, INACTIVE, EXPIRED, HASH].map((keyset) => [keyset.id, keyset]));
const OFF_CURVE = `02${'0'.repeat(63)}5` as PointHex;
const QUOTE = unpaidMeltQuote(
  {
    ...{ quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', method: 'bolt11', unit: SAT_UNIT, request: 'lnbc1' },
    ...{ amount: amount(9n), feeReserve: amount(2n), paymentKey: 'bolt11:1', paysQuote: undefined, expiry: LATER },
  },
  NOW,
  undefined,
);
const OWN = unpaidQuote(
  { unit: 'sat', amount: amount(9n), pubkey: undefined, description: undefined },
  { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e70', expiry: LATER, trace: undefined },
  { request: 'lnbc1', lookupId: '1' },
  NOW,
);

function proof(secret: string, value: bigint, keyset: Keyset): ProofInput {
  const blinded = blind(secret, value, keyset);
  return unblind(blinded, { c: blinded.output.b, amount: amount(value) } as OperationOutput, keyset);
}

/** 4 + 8 in at 100 ppk, for 9 and a reserve of 2. */
function subject(fields: Partial<MeltSubject> = {}): MeltSubject {
  const inputs = fields.inputs ?? [proof('a', 4n, INACTIVE), proof('b', 8n, INACTIVE)];
  return {
    inputs,
    outputs: [0n, 3n].map((value, index) => ({ ...blind(`out-${index}`, 1n, ACTIVE).output, amount: amount(value) })),
    ys: () => inputs.map(({ secret }) => pointOfSecret(secret)),
    keysetOf: (id) => KEYSETS.get(id),
    level: 'NONE',
    now: NOW,
    limits: { inputs: 3, outputs: 4 },
    method: 'bolt11',
    quote: QUOTE,
    rival: undefined,
    pays: undefined,
    ...fields,
  };
}

const { inputs: INPUTS, outputs: OUTPUTS } = subject();
const [INPUT = proof('a', 4n, INACTIVE)] = INPUTS;
const [OUTPUT = blind('o', 1n, ACTIVE).output] = OUTPUTS;
const lockedTo = (data: string) => `["P2PK",{"nonce":"0","data":"${data}","tags":[]}]`;
const withSecret = (secret: string) => subject({ inputs: [{ ...INPUT, secret }, ...INPUTS.slice(1)] });
const onKeyset = ({ id: keyset }: Pick<Keyset, 'id'>) => subject({ outputs: OUTPUTS.map((o) => ({ ...o, keyset })) });

/** Every way in which a row refuses, each leaving the other rows content where that is possible. */
const FAULTS: readonly (readonly [row: string, what: string, code: RefusalCode, nut: number, spoilt: MeltSubject])[] = [
  ['counts', 'no inputs', 'bad-request', 51000, subject({ inputs: [] })],
  ['counts', 'too many inputs', 'too-many-inputs', 11014, subject({ limits: { inputs: 1, outputs: 4 } })],
  ['counts', 'too many outputs', 'too-many-outputs', 11015, subject({ limits: { inputs: 3, outputs: 1 } })],
  ['points', 'a C off the curve', 'bad-request', 51000, subject({ inputs: [{ ...INPUT, c: OFF_CURVE }] })],
  ['points', 'a B_ off the curve', 'bad-request', 51000, subject({ outputs: [{ ...OUTPUT, b: OFF_CURVE }] })],
  ['paused', 'level ALL', 'paused', 51004, subject({ level: 'ALL' })],
  ['quote', 'an unknown quote', 'quote-unknown', 51003, subject({ quote: undefined })],
  ['quote', 'a quote of another method', 'quote-unknown', 51003, subject({ method: 'deposit' })],
  ['quote-state', 'PENDING', 'quote-pending', 20005, subject({ quote: { ...QUOTE, state: 'PENDING' } })],
  ['quote-state', 'PAID', 'request-paid', 20006, subject({ quote: { ...QUOTE, state: 'PAID' } })],
  ['quote-state', 'a request that another melt is paying', 'quote-pending', 20005, subject({ rival: 'PENDING' })],
  ['quote-state', 'a request that another melt paid', 'request-paid', 20006, subject({ rival: 'COMMITTED' })],
  ['quote-state', 'an expired quote', 'quote-expired', 20007, subject({ now: LATER })],
  ['quote-state', 'an own request that is paid', 'request-paid', 20006, subject({ pays: { ...OWN, state: 'PAID' } })],
  ['quote-state', 'an own request that is expired', 'quote-expired', 20007, subject({ pays: { ...OWN, expiry: NOW } })],
  ['repeated-inputs', 'one secret twice', 'repeated-input', 11007, subject({ inputs: [INPUT, INPUT] })],
  ['repeated-outputs', 'one B_ twice', 'repeated-output', 11008, subject({ outputs: [OUTPUT, OUTPUT] })],
  ['keysets', 'an unknown keyset', 'keyset-unknown', 12001, onKeyset({ id: 'ff' })],
  ['keysets', 'an expired input', 'keyset-expired', 12003, subject({ inputs: [{ ...INPUT, keyset: EXPIRED.id }] })],
  ['keysets', 'an inactive blank output', 'keyset-inactive', 12002, onKeyset(INACTIVE)],
  [
    'units',
    'inputs of two units',
    'several-units',
    11009,
    subject({ inputs: [INPUT, { ...INPUT, secret: 'z', keyset: HASH.id }] }),
  ],
  ['units', 'blank outputs of another unit', 'units-differ', 11010, onKeyset(HASH)],
  [
    'units',
    'inputs of another unit than the quote',
    'units-differ',
    11010,
    subject({ inputs: [{ ...INPUT, keyset: HASH.id }], outputs: [] }),
  ],
  [
    'amounts',
    'an input of no denomination',
    'amount-outside-limit',
    11006,
    subject({ inputs: [{ ...INPUT, amount: amount(3n) }, ...INPUTS.slice(1)] }),
  ],
  ['balance', 'one too little', 'unbalanced', 11005, subject({ quote: { ...QUOTE, amount: amount(10n) } })],
  ['spending-conditions', 'a defective secret', 'proof-invalid', 10001, withSecret(lockedTo('02'))],
  ['spending-conditions', 'no witness', 'witness-invalid', 20008, withSecret(lockedTo(pointOfSecret('key')))],
];

describe('the checks of a melt', () => {
  it('are the rows of the specification in their order', () => {
    expect(MELT_CHECKS.map(({ row }) => row)).toEqual([
      ...['counts', 'points', 'paused', 'quote', 'quote-state', 'repeated-inputs', 'repeated-outputs', 'keysets'],
      ...['units', 'amounts', 'balance', 'spending-conditions'],
    ]);
    expect(new Set(FAULTS.map(([row]) => row))).toEqual(new Set(MELT_CHECKS.map(({ row }) => row)));
  });

  it('take a request without a fault, whatever its blank outputs say of amounts, and one without outputs', () => {
    expect(firstRefusal(MELT_CHECKS, subject())).toBeUndefined();
    expect(firstRefusal(MELT_CHECKS, subject({ outputs: [] }))).toBeUndefined();
    expect(firstRefusal(MELT_CHECKS, subject({ pays: OWN, level: 'ISSUANCE' }))).toBeUndefined();
  });

  it.each(FAULTS)('row %s refuses %s with %s (%i)', (row, _, code, nut, spoilt) => {
    const refusing = MELT_CHECKS.find(({ refuse }) => refuse(spoilt) !== undefined);
    expect(refusing?.row).toBe(row);
    expect(firstRefusal(MELT_CHECKS, spoilt)?.code).toBe(code);
    expect(REFUSALS[code].code).toBe(nut);
  });

  it('of two faults the earlier row answers', () => {
    const both = subject({ level: 'ALL', quote: { ...QUOTE, state: 'PAID' } });
    expect(firstRefusal(MELT_CHECKS, both)?.code).toBe('paused');
    expect(firstRefusal(MELT_CHECKS, { ...both, level: 'NONE' })?.code).toBe('request-paid');
  });
});
