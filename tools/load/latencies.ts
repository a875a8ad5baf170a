const BUCKETS_PER_DOUBLING = 32;
const SMALLEST_MS = 0.01;

/** Latencies in logarithmic buckets (2 % wide): any number of samples in constant memory. */
export interface Latencies {
  add(ms: number): void;
  count(): number;
  /** Latency in ms that `fraction` of the samples do not exceed. */
  quantile(fraction: number): number;
}

export function createLatencies(): Latencies {
  const buckets: number[] = [];
  let count = 0;
  return {
    add: (ms) => {
      const bucket = Math.max(0, Math.ceil(Math.log2(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) * BUCKETS_PER_DOUBLING));
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      count += 1;
    },
    count: () => count,
    quantile: (fraction) => {
      let seen = 0;
      for (const [bucket, samples] of buckets.entries()) {
        seen += samples ?? 0;
        if (seen >= fraction * count && seen > 0) return SMALLEST_MS * 2 ** (bucket / BUCKETS_PER_DOUBLING);
      }
      return 0;
    },
  };
}
