import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

let reaper: ChildProcess | undefined;

/**
 * Makes sure that process `pid` does not outlive this one, however this one ends: a second small process holds a pipe to
 * us, and ends what we told it of when the pipe breaks (a signal handler would not run on SIGKILL).
 */
export function protectFromOrphans(pid: number, ended: Promise<unknown>): void {
  reaper ??= startReaper();
  tell(`+${pid}`);
  void ended.then(() => tell(`-${pid}`));
}

function tell(line: string): void {
  if (reaper?.stdin?.writable === true) reaper.stdin.write(`${line}\n`);
}

function startReaper(): ChildProcess {
  const program = fileURLToPath(new URL('./reaper-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.stdin.on('error', () => undefined);
  // The pipe must not keep this process alive.
  child.unref();
  const stdin: unknown = child.stdin;
  if (typeof stdin === 'object' && stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function')
    stdin.unref();
  return child;
}
