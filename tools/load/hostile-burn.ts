import { serveProgram } from '../bench/program.ts';

// Work that has nothing to do with the mint, for the control: it fills a core.

const calls = {
  burn({ seconds }: { seconds: number }): void {
    const until = performance.now() + 1_000 * seconds;
    while (performance.now() < until);
  },
};

export type BurnProgram = typeof calls;

serveProgram(calls);
