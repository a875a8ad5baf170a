const LETTERS = ['', 'K', 'M', 'G', 'T', 'P', 'E', 'Z'] as const;
/** ckpool's names of the windows, in the order of `RATE_WINDOWS`. */
const NAMES = ['1m', '5m', '15m', '1hr', '6hr', '1d', '7d'] as const;

/**
 * A rate in H/s as ckpool writes it: at most three significant digits, trailing zeros dropped, and a letter for each step
 * of 1,000; 999.5 and more goes to the next letter (01-pool section 13).
 */
function ckpoolRate(hashesPerSecond: number): string {
  let rest = hashesPerSecond;
  let steps = 0;
  while (rest >= 999.5 && steps < LETTERS.length - 1) {
    rest /= 1_000;
    steps += 1;
  }
  const decimals = rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  return `${Number(rest.toFixed(decimals))}${LETTERS[steps] ?? ''}`;
}

/** The line of rates in ckpool's status, `hashrate1m` to `hashrate7d`; `rates` in H/s, one per window. */
export function ckpoolRates(rates: readonly number[]): Record<string, string> {
  return Object.fromEntries(NAMES.map((name, index) => [`hashrate${name}`, ckpoolRate(rates[index] ?? 0)]));
}
