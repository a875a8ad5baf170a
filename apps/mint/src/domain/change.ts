import { type Amount, amount } from '@assay/shared/kernel/money';

/**
 * NUT-08: `overpaid` in denominations of the keyset, at most one for each blank output, the largest first taken, answered
 * ascending. Their sum is never more than `overpaid`.
 */
export function changeAmounts(overpaid: Amount, blanks: number, denominations: Iterable<Amount>): readonly Amount[] {
  const descending = [...denominations].sort((a, b) => (a < b ? 1 : -1));
  const change: Amount[] = [];
  let rest = amount(overpaid);
  for (const denomination of descending) {
    while (rest >= denomination && change.length < blanks) {
      change.push(denomination);
      rest = amount(rest - denomination);
    }
  }
  return change.reverse();
}
