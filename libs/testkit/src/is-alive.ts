import { readFileSync } from 'node:fs';

/** Whether a process with this id runs, also one of another user. What has ended and was collected by nobody does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    const isOfAnotherUser = error instanceof Error && 'code' in error && error.code === 'EPERM';
    if (!isOfAnotherUser) return false;
  }
  return !/^State:\s+Z/m.test(statusOf(pid));
}

/** As Linux tells it; empty elsewhere. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
