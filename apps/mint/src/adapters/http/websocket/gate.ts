/** Runs work when its turn has come. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** At most `atOnceMax` pieces of work at the same time, the others in the order in which they came. */
export function gate(atOnceMax: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
