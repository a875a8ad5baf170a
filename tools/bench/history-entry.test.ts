import { expect, test } from 'vitest';
import { runConditions } from './history.ts';
import { type HistoryEntry, renderEntry } from './history-entry.ts';

const ENTRY: HistoryEntry = {
  ...runConditions(new Date('2026-11-27T00:00:00Z')),
  name: 'pool',
  figures: { submitsPerS: 12_000, cpuSeconds: { pool: 1.5 }, writeConcerns: ['majority'], hasher: 'wasm' },
  method: 'as it was done',
};

test('an entry of the history is one line that says when, what and where', () => {
  const line = renderEntry(ENTRY);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual(ENTRY);
  expect(ENTRY).toMatchObject({ at: '2026-11-27T00:00:00.000Z', machine: { node: process.version } });
});

test('a figure that is not a number is not written down', () => {
  expect(() => renderEntry({ ...ENTRY, figures: { submitsPerS: Number.NaN } })).toThrow('submitsPerS');
});
