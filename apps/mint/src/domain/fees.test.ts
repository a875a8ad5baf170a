import { amount } from '@assay/shared/kernel/money';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { feeOf } from './fees.ts';
import type { PointHex } from './operation.ts';

interface Example {
  readonly inputs: number;
  readonly inputFeePpk: number;
  readonly fee: number;
}

const path = new URL('../../../../vectors/nut/acceptance-a5-a6.json', import.meta.url);
const { A6 } = JSON.parse(readFileSync(path, 'utf8')) as { A6: readonly Example[] };
const keysets = new Map([0n, 100n, 999n].map((ppk) => [ppk, aKeyset({ name: `fee-${ppk}`, inputFeePpk: ppk })]));

function fee(count: number, ppk: bigint): bigint {
  const keyset = keysets.get(ppk);
  const input = { amount: amount(1n), keyset: keyset?.id ?? '', secret: '', c: '' as PointHex, witness: undefined };
  return feeOf(
    Array.from({ length: count }, () => input),
    () => keyset,
  );
}

describe('the fee of inputs', () => {
  it.each(A6)('of $inputs inputs at $inputFeePpk ppk is $fee', ({ inputs, inputFeePpk, fee: expected }) => {
    expect(fee(inputs, BigInt(inputFeePpk))).toBe(BigInt(expected));
  });

  it('rounds up once for the whole request', () => {
    expect(fee(1, 999n)).toBe(1n);
    expect(fee(1_000, 999n)).toBe(999n);
  });
});
