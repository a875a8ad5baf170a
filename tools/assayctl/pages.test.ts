import { expect, test } from 'vitest';
import { rowsOf } from './pages.ts';

/** A list of `count` numbers that gives at most `perPage` of what is asked. */
function listOf(count: number, perPage: number) {
  const asked: number[] = [];
  const ask = async ({ pageSize, pageToken }: { pageSize: number; pageToken: string }) => {
    asked.push(pageSize);
    const from = Number(pageToken);
    const to = Math.min(count, from + Math.min(pageSize, perPage));
    const rows = Array.from({ length: to - from }, (_, index) => from + index);
    return { rows, nextPageToken: to < count ? String(to) : '' };
  };
  return { ask, asked };
}

test('pages are read until the limit is reached, and no row more is asked for', async () => {
  const list = listOf(2_000, 500);
  const { rows, more } = await rowsOf(1_200, list.ask);
  expect(rows).toEqual(Array.from({ length: 1_200 }, (_, index) => index));
  expect(more).toBe(true);
  expect(list.asked).toEqual([500, 500, 200]);
});

test('a limit of 0 reads all, also when the service gives shorter pages than asked for', async () => {
  const { rows, more } = await rowsOf(0, listOf(25, 10).ask);
  expect(rows).toHaveLength(25);
  expect(more).toBe(false);
});

test('a list that ends with the limit has no more', async () => {
  expect(await rowsOf(10, listOf(10, 500).ask)).toMatchObject({ more: false });
  expect(await rowsOf(10, listOf(0, 500).ask)).toEqual({ rows: [], more: false });
});
