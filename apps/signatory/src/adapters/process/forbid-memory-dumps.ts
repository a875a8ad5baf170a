import { writeFileSync } from 'node:fs';

const FILTER_FILE = '/proc/self/coredump_filter';

/**
 * Keeps private keys out of core dumps as far as a Node process can: Linux then leaves all memory out of the dump of this
 * process. Node cannot set the size limit itself; start it under `ulimit -c 0` (systemd `LimitCORE=0`) besides.
 * Returns false where the system has no such switch.
 */
export function forbidMemoryDumps(): boolean {
  try {
    writeFileSync(FILTER_FILE, '0');
    return true;
  } catch {
    // Not Linux, or /proc is not mounted.
    return false;
  }
}
