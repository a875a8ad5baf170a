import { toHex } from '@assay/shared/kernel/bytes';
import { amount, sumAmounts } from '@assay/shared/kernel/money';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { randomBytes } from 'node:crypto';
import type { Operation, OperationOutput } from '../src/domain/operation.ts';
import { pointHex } from '../src/domain/side-checks.ts';
import { HASH_UNIT } from '../src/domain/unit.ts';
import { aKeyset } from './memory-keys.ts';

export const KEYSET = aKeyset({ name: 'active' });

// Points and signatures are noise: what is counted is not what is signed.

const point = () => pointHex(Buffer.concat([Buffer.of(2), randomBytes(32)]));
const scalar = () => toHex(randomBytes(32));

export function outputOf(value: bigint): OperationOutput {
  return { b: point(), keyset: KEYSET.id, amount: amount(value), c: point(), e: scalar(), s: scalar() };
}

/** One step of one quote, minted in these amounts. */
export function aMint(
  step: { readonly naturalKey: string; readonly step: number; readonly at: UnixMs },
  amounts: readonly bigint[],
): Operation {
  const { naturalKey, at } = step;
  return {
    opId: scalar(),
    kind: 'MINT',
    method: 'ehash',
    unit: HASH_UNIT,
    committedAt: at,
    inputs: [],
    outputs: amounts.map(outputOf),
    quotes: [{ naturalKey, step: step.step, amount: sumAmounts(amounts) }],
    fee: amount(0n),
    out: amount(0n),
    surplus: amount(0n),
    trace: undefined,
  };
}

/** What is not in `outputs` is the fee. */
export function aSwap(at: UnixMs, inputs: readonly bigint[], outputs: readonly bigint[]): Operation {
  return {
    opId: scalar(),
    kind: 'SWAP',
    method: undefined,
    unit: HASH_UNIT,
    committedAt: at,
    inputs: inputs.map((value) => ({ y: point(), keyset: KEYSET.id, amount: amount(value), witness: undefined })),
    outputs: outputs.map(outputOf),
    quotes: [],
    fee: amount(sumAmounts(inputs) - sumAmounts(outputs)),
    out: amount(0n),
    surplus: amount(0n),
    trace: undefined,
  };
}
