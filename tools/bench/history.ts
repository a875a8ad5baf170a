import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '@assay/testkit/find-server';
import type { Figures } from './benchmark.ts';

const figures: z.ZodType<Figures> = z.lazy(() =>
  z.record(z.string(), z.union([z.number(), z.string(), z.array(z.string()), figures])),
);

/** One line of bench/history.jsonl. */
const historyEntry = z.strictObject({
  at: z.iso.datetime(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  /** Whether the tree differed from the commit. */
  dirty: z.boolean(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int().min(1),
    memoryGib: z.number(),
    node: z.string(),
    /** Of the minute before the run: what else the machine was doing. */
    loadAverage: z.number(),
  }),
  name: z.string(),
  figures,
  method: z.string().min(1),
});

export type HistoryEntry = z.infer<typeof historyEntry>;

export const HISTORY_FILE = join(ROOT, 'bench/history.jsonl');

/** The line of an entry. @throws ZodError when the entry is not of the form that the history keeps */
export function renderEntry(entry: HistoryEntry): string {
  return `${JSON.stringify(historyEntry.parse(entry))}\n`;
}

export function appendEntry(entry: HistoryEntry, file = HISTORY_FILE): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, renderEntry(entry));
}

/** Where and on what a run is made. */
export function runConditions(now: Date): Pick<HistoryEntry, 'at' | 'commit' | 'dirty' | 'machine'> {
  return {
    at: now.toISOString(),
    commit: git('rev-parse', 'HEAD'),
    dirty: git('status', '--porcelain') !== '',
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
