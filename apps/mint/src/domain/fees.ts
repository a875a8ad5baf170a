import { type Amount, amount } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import type { Keyset } from './keyset.ts';
import type { ProofInput } from './request.ts';

/** NUT-02: thousandths of a unit for each input, rounded up once for the whole request. */
export function feeOf(inputs: readonly ProofInput[], keysetOf: (id: string) => Keyset | undefined): Amount {
  let ppk = 0n;
  for (const { keyset } of inputs) ppk += present(keysetOf(keyset), 'keyset of a checked input').inputFeePpk;
  return amount((ppk + 999n) / 1_000n);
}
