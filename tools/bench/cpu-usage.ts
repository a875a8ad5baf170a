import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rounded } from './benchmark.ts';

/** CPU seconds by process name. */
export type CpuSeconds = Readonly<Record<string, number>>;

// Counted from the first field behind the name, which may hold blanks and brackets itself (proc_pid_stat(5)).
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/**
 * CPU seconds, user and system, of a process with all its threads, from the text of /proc/<pid>/stat.
 * @throws Error when the text is of another form
 */
export function cpuSecondsIn(stat: string, ticksPerSecond: number): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  if (!Number.isSafeInteger(ticks)) throw new Error(`no line of /proc/<pid>/stat: ${stat}`);
  return ticks / ticksPerSecond;
}

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
