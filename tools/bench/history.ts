import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ROOT } from '@assay/testkit/find-server';
import { type HistoryEntry, renderEntry } from './history-entry.ts';

export const HISTORY_FILE = join(ROOT, 'bench/history.jsonl');

export function appendEntry(entry: HistoryEntry, file = HISTORY_FILE): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, renderEntry(entry));
}

/** Where and on what a run is made. */
export function runConditions(now: Date): Pick<HistoryEntry, 'at' | 'commit' | 'dirty' | 'machine'> {
  return {
    at: now.toISOString(),
    commit: git('rev-parse', 'HEAD'),
    dirty: git('status', '--porcelain', '--', '.', `:!${relative(ROOT, HISTORY_FILE)}`) !== '',
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGib: Number((totalmem() / 2 ** 30).toFixed(1)),
      node: process.version,
      loadAverage: Number((loadavg()[0] ?? 0).toFixed(2)),
    },
  };
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
}
