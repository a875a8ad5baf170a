import { amount } from '@assay/shared/kernel/money';
import { unixMs } from '@assay/shared/kernel/clock';
import { describe, expect, it } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { lockedSecret } from '../../test/locked-secrets.ts';
import { blind, unblind, WALLET_KEY } from '../../test/wallet-secrets.ts';
import { firstRefusal } from './checks.ts';
import type { Keyset } from './keyset.ts';
import type { OperationOutput, PointHex } from './operation.ts';
import type { RefusalCode } from './refusals.ts';
import type { ProofInput } from './request.ts';
import { pointOfSecret } from './side-checks.ts';
import { SWAP_CHECKS, type SwapSubject } from './swap-checks.ts';
import type { Unit } from './unit.ts';

const NOW = unixMs(1_795_227_000_000);
const ACTIVE = aKeyset({ name: 'active' });
const INACTIVE = aKeyset({ name: 'inactive', active: false });
const EXPIRED = aKeyset({ name: 'expired', active: false, finalExpiryS: BigInt(NOW) / 1_000n });
const SAT = aKeyset({ name: 'sat', unit: 'sat' as Unit });
const FEE = aKeyset({ name: 'fee', active: false, inputFeePpk: 100n });
const KEYSETS = new Map([ACTIVE, INACTIVE, EXPIRED, SAT, FEE].map((keyset) => [keyset.id, keyset]));
const OFF_CURVE = `02${'0'.repeat(63)}5` as PointHex;

function proof(secret: string, value: bigint, keyset: Keyset): ProofInput {
  const blinded = blind(secret, value, keyset);
  return unblind(blinded, { c: blinded.output.b, amount: amount(value) } as OperationOutput, keyset);
}

/** 4 + 4 in, 2 + 6 … as 2 + 2 + 4 out. */
function subject(fields: Partial<SwapSubject> = {}): SwapSubject {
  const inputs = fields.inputs ?? [proof('a', 4n, INACTIVE), proof('b', 4n, INACTIVE)];
  return {
    inputs,
    outputs: [2n, 2n, 4n].map((value, index) => blind(`out-${index}`, value, ACTIVE).output),
    ys: () => inputs.map(({ secret }) => pointOfSecret(secret)),
    keysetOf: (id) => KEYSETS.get(id),
    level: 'NONE',
    now: NOW,
    limits: { inputs: 3, outputs: 4 },
    ...fields,
  };
}

const OUTPUTS = subject().outputs;
const INPUTS = subject().inputs;
const [INPUT = proof('a', 4n, INACTIVE)] = INPUTS;
const [OUTPUT = blind('o', 2n, ACTIVE).output] = OUTPUTS;

/** Every way in which a row refuses, each leaving the other rows content where that is possible. */
const FAULTS: readonly (readonly [row: string, what: string, code: RefusalCode, spoilt: SwapSubject])[] = [
  ['counts', 'no inputs', 'bad-request', subject({ inputs: [] })],
  ['counts', 'no outputs', 'bad-request', subject({ outputs: [] })],
  ['counts', 'too many inputs', 'too-many-inputs', subject({ limits: { inputs: 1, outputs: 4 } })],
  ['counts', 'too many outputs', 'too-many-outputs', subject({ limits: { inputs: 3, outputs: 2 } })],
  ['points', 'a C off the curve', 'bad-request', subject({ inputs: [{ ...INPUT, c: OFF_CURVE }, ...INPUTS.slice(1)] })],
  [
    'points',
    'a B_ off the curve',
    'bad-request',
    subject({ outputs: [{ ...OUTPUT, b: OFF_CURVE }, ...OUTPUTS.slice(1)] }),
  ],
  ['paused', 'level ALL', 'paused', subject({ level: 'ALL' })],
  ['repeated-inputs', 'one secret twice', 'repeated-input', subject({ inputs: [INPUT, INPUT] })],
  ['repeated-outputs', 'one B_ twice', 'repeated-output', subject({ outputs: [OUTPUT, OUTPUT, ...OUTPUTS.slice(2)] })],
  [
    'keysets',
    'an unknown keyset',
    'keyset-unknown',
    subject({ outputs: OUTPUTS.map((output) => ({ ...output, keyset: 'ff' })) }),
  ],
  [
    'keysets',
    'an expired input',
    'keyset-expired',
    subject({ inputs: [{ ...INPUT, keyset: EXPIRED.id }, ...INPUTS.slice(1)] }),
  ],
  [
    'keysets',
    'an inactive output',
    'keyset-inactive',
    subject({ outputs: OUTPUTS.map((output) => ({ ...output, keyset: INACTIVE.id })) }),
  ],
  [
    'units',
    'inputs of two units',
    'several-units',
    subject({ inputs: [INPUT, { ...INPUT, secret: 'z', keyset: SAT.id }] }),
  ],
  [
    'units',
    'sides of two units',
    'units-differ',
    subject({ outputs: OUTPUTS.map((output) => ({ ...output, keyset: SAT.id })) }),
  ],
  [
    'amounts',
    'no denomination',
    'amount-outside-limit',
    subject({ outputs: OUTPUTS.map((o) => ({ ...o, amount: amount(3n) })) }),
  ],
  ['amounts', 'zero', 'amount-outside-limit', subject({ outputs: [...OUTPUTS, blindOf(0n)] })],
  ['balance', 'one too much', 'unbalanced', subject({ outputs: [...OUTPUTS, blindOf(1n)] })],
  ['balance', 'one too little', 'unbalanced', subject({ outputs: OUTPUTS.slice(1) })],
  [
    'balance',
    'a forgotten fee',
    'unbalanced',
    subject({ inputs: INPUTS.map((input) => ({ ...input, keyset: FEE.id })) }),
  ],
  [
    'spending-conditions',
    'a witness that is missing',
    'witness-invalid',
    subject({ inputs: [{ ...INPUT, secret: lockedSecret('P2PK', WALLET_KEY) }, ...INPUTS.slice(1)] }),
  ],
  [
    'spending-conditions',
    'a secret with a defect',
    'proof-invalid',
    subject({ inputs: [{ ...INPUT, secret: lockedSecret('P2PK', '02') }, ...INPUTS.slice(1)] }),
  ],
];

function blindOf(value: bigint) {
  return blind(`more-${value}`, value, ACTIVE).output;
}

describe('the checks of a swap', () => {
  it('are the rows of the specification in their order', () => {
    expect(SWAP_CHECKS.map(({ row }) => row)).toEqual([
      ...['counts', 'points', 'paused', 'repeated-inputs', 'repeated-outputs', 'keysets', 'units', 'amounts'],
      ...['balance', 'spending-conditions'],
    ]);
    expect(new Set(FAULTS.map(([row]) => row))).toEqual(new Set(SWAP_CHECKS.map(({ row }) => row)));
  });

  it('take a request without a fault', () => {
    expect(firstRefusal(SWAP_CHECKS, subject())).toBeUndefined();
  });

  it.each(FAULTS)('row %s refuses %s with %s', (row, _, code, spoilt) => {
    const refusing = SWAP_CHECKS.find(({ refuse }) => refuse(spoilt) !== undefined);
    expect(refusing?.row).toBe(row);
    expect(firstRefusal(SWAP_CHECKS, spoilt)?.code).toBe(code);
  });

  it('a pause of minting only lets swaps go on', () => {
    expect(firstRefusal(SWAP_CHECKS, subject({ level: 'ISSUANCE' }))).toBeUndefined();
  });

  it('of two faults the earlier row answers', () => {
    const both = subject({ level: 'ALL', inputs: [INPUT, INPUT], outputs: [OUTPUT, OUTPUT] });
    expect(firstRefusal(SWAP_CHECKS, both)?.code).toBe('paused');
    expect(firstRefusal(SWAP_CHECKS, { ...both, level: 'NONE' })?.code).toBe('repeated-input');
    const unknownAndUnbalanced = subject({ outputs: [{ ...OUTPUT, keyset: 'ff' }] });
    expect(firstRefusal(SWAP_CHECKS, unknownAndUnbalanced)?.code).toBe('keyset-unknown');
  });
});
