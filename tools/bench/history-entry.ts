import { z } from 'zod';
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

/** The line of an entry. @throws ZodError when the entry is not of the form that the history keeps */
export function renderEntry(entry: HistoryEntry): string {
  return `${JSON.stringify(historyEntry.parse(entry))}\n`;
}
