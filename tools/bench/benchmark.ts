/** What was measured: numbers with their unit in the name, and words for what was only looked at. */
export interface Figures {
  readonly [name: string]: number | string | readonly string[] | Figures;
}

export interface BenchContext {
  /** One line about what goes on now. */
  readonly tell: (line: string) => void;
  /** Share of the usual amount of work, up to 1; figures of less are for trying the benchmark itself. */
  readonly size: number;
  /** Where services leave a V8 CPU profile each; none when undefined. */
  readonly profileDir: string | undefined;
  /** Of a mint that is not ours, to be measured in its place. */
  readonly url: string | undefined;
}

/** One name of `npm run bench`. */
export interface Benchmark {
  readonly name: string;
  /** How the figures came about, for whoever compares them later. */
  readonly method: string;
  /** Rejects when anything answered what a correct system would not. */
  run(context: BenchContext): Promise<Figures>;
}

/** `count` of the usual size, at least `least`. */
export function scaled(count: number, { size }: BenchContext, least = 1): number {
  return Math.max(least, Math.round(count * size));
}

/** Three significant digits: more would claim what a shared machine cannot measure. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
