import { type Amount, amount as amountOf, INT64_MAX } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';

const MSAT = 1_000n;

/**
 * What paying a request takes, in whole sat (a part of a sat is paid as one). A part (NUT-15) is at most the request's
 * amount; a request without amount needs one from the wallet, and one with amount takes only the same.
 * @param amountMsat of the request; undefined when the payer chooses
 */
export function payableAmount(
  amountMsat: bigint | undefined,
  { partMsat, amountlessMsat }: { readonly partMsat: bigint | undefined; readonly amountlessMsat: bigint | undefined },
): Result<Amount, 'amount-missing' | 'amount-differs'> {
  const whole = amountMsat ?? amountlessMsat;
  if (whole === undefined) return err('amount-missing');
  const asked = partMsat ?? whole;
  const fits = asked >= 1n && asked <= whole && (amountlessMsat ?? whole) === whole;
  const sat = (asked + MSAT - 1n) / MSAT;
  return fits && sat <= INT64_MAX ? ok(amountOf(sat)) : err('amount-differs');
}

/** What is put aside for fees beyond the amount: 2 in 100, rounded up, at least 1. */
export function feeReserveOf(paid: Amount): Amount {
  const share = (paid * 2n + 99n) / 100n;
  return amountOf(share > 1n ? share : 1n);
}
