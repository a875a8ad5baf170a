import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rounded } from './benchmark.ts';
import { cpuSecondsIn } from './cpu-stat.ts';

/** CPU seconds by process name. */
export type CpuSeconds = Readonly<Record<string, number>>;

/** Starts measuring processes; the answer tells what each has used since. Empty where there is no /proc. */
export function measureCpu(pids: Readonly<Record<string, number>>): () => CpuSeconds {
  const before = readAll(pids);
  return () => {
    const after = readAll(pids);
    return Object.fromEntries(
      Object.entries(after).map(([name, seconds]) => [name, rounded(seconds - (before[name] ?? 0))]),
    );
  };
}

function readAll(pids: Readonly<Record<string, number>>): CpuSeconds {
  if (process.platform !== 'linux') return {};
  const ticks = ticksPerSecond();
  const read = (pid: number) => cpuSecondsIn(readFileSync(`/proc/${pid}/stat`, 'utf8'), ticks);
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, read(pid)]));
}

let knownTicks: number | undefined;

function ticksPerSecond(): number {
  knownTicks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return knownTicks;
}
