import { expect, test } from 'vitest';
import { GrpcFault } from './grpc-status.ts';
import { cutPage, decodePageToken, encodePageToken, pageSize } from './paging.ts';

test('a page has 100 rows unless asked otherwise, and never more than 500', () => {
  expect([0, 1, 500, 501, 4_294_967_295].map(pageSize)).toEqual([100, 1, 500, 500, 500]);
});

test('a page ends where its rows, its size or 2 MiB end, and is never empty', () => {
  const codec = { encode: (mebibytes: number) => ({ finish: () => new Uint8Array(mebibytes * 1_048_576) }) };
  const cut = (rows: number[], size: number) => cutPage(rows, size, (row) => row, codec);
  expect(cut([], 2)).toEqual({ messages: [], last: undefined });
  expect(cut([0.1, 0.2], 2)).toEqual({ messages: [0.1, 0.2], last: undefined });
  expect(cut([0.1, 0.2, 0.3], 2)).toEqual({ messages: [0.1, 0.2], last: 0.2 });
  expect(cut([0.5, 1, 0.75], 5)).toEqual({ messages: [0.5, 1], last: 1 });
  expect(cut([3, 0.1], 5)).toEqual({ messages: [3], last: 3 });
  expect(cut([3], 5)).toEqual({ messages: [3], last: undefined });
});

test('a token gives back its fields', () => {
  const fields = { at: '1795227412500', id: 'b-0001/ü' };
  expect(encodePageToken(fields)).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(decodePageToken(encodePageToken(fields))).toEqual(fields);
  expect(decodePageToken('')).toEqual({});
});

test.each([
  ['noise', '!!!'],
  ['text that is no JSON', Buffer.from('nope').toString('base64url')],
  ['a list', Buffer.from('["a"]').toString('base64url')],
  ['null', Buffer.from('null').toString('base64url')],
  ['a number as field', Buffer.from('{"at":1}').toString('base64url')],
  ['a huge token', 'A'.repeat(3_000)],
])('%s is refused as a token', (_, token) => {
  expect(() => decodePageToken(token)).toThrow(expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }));
  expect(() => decodePageToken(token)).toThrow(GrpcFault);
});
