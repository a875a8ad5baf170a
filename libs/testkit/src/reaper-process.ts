import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

// Runs as a process of its own: see reaper.ts. Lines `+pid` and `-pid` come in; at the end of input what is left is ended.

const GRACE_MS = 5_000;
const alive = new Set<number>();

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    alive.delete(pid);
  }
}

process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number.parseInt(line.slice(1), 10);
  if (line.startsWith('+')) alive.add(pid);
  else alive.delete(pid);
}
for (const pid of alive) signal(pid, 'SIGTERM');
if (alive.size > 0) await wait(GRACE_MS);
for (const pid of alive) signal(pid, 'SIGKILL');
process.exit(0);
