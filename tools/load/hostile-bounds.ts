import { rounded } from '../bench/benchmark.ts';

/** What one kind of attack did to honest wallets and to the mint. */
export interface Seen {
  readonly kind: string;
  /** 1, 2, … */
  readonly round: number;
  /** Honest swaps that were not answered 200. */
  readonly failed: number;
  readonly p99Ms: number;
  /** The same just before it, while every core is busy with something else and nobody attacks. */
  readonly controlP99Ms: number;
}

/** One round of all kinds. */
export interface Round {
  readonly seen: readonly Seen[];
  /** Resident memory of the mint at its end, after a pause. */
  readonly rssMib: number;
}

/** What a mint must keep to, whatever hostile clients do. */
export interface Bounds {
  readonly failedMax: number;
  /**
   * Honest p99 beside an attack, as a multiple of the p99 on a machine whose cores are as busy without one. A swap passes the
   * event loop some ten times, and may find a piece of others' work of three milliseconds there each time.
   */
  readonly p99OfControlMax: number;
  /** From the end of the last round but one to the end of the last: those before warm up. */
  readonly growthMibMax: number;
}

export const BOUNDS: Bounds = { failedMax: 0, p99OfControlMax: 8, growthMibMax: 32 };

/** Of the last round; 0 after a single one. */
export function growthMib(rounds: readonly Round[]): number {
  const [before, last] = rounds.slice(-2);
  return before === undefined || last === undefined ? 0 : last.rssMib - before.rssMib;
}

/** Every bound that was broken, in words; none when all were kept. */
export function brokenBounds(rounds: readonly Round[], bounds = BOUNDS): readonly string[] {
  const { failedMax, p99OfControlMax, growthMibMax } = bounds;
  const broken: string[] = [];
  for (const { kind, round, failed, p99Ms, controlP99Ms } of rounds.flatMap(({ seen }) => seen)) {
    const where = `${kind}, round ${round}`;
    if (failed > failedMax) broken.push(`${where}: ${failed} honest swaps failed, at most ${failedMax} may`);
    const ratio = p99Ms / controlP99Ms;
    if (!(ratio <= p99OfControlMax))
      broken.push(`${where}: honest p99 is ${rounded(ratio)} times that of the control, at most ${p99OfControlMax}`);
  }
  const growth = growthMib(rounds);
  if (growth > growthMibMax)
    broken.push(`memory: the last round left ${growth} MiB more than the one before, at most ${growthMibMax}`);
  return broken;
}
