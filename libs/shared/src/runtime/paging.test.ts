import { expect, test } from 'vitest';
import { GrpcFault } from './grpc-status.ts';
import { decodePageToken, encodePageToken, pageSize } from './paging.ts';

test('a page has 100 rows unless asked otherwise, and never more than 500', () => {
  expect([0, 1, 500, 501, 4_294_967_295].map(pageSize)).toEqual([100, 1, 500, 500, 500]);
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
