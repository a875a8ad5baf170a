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
