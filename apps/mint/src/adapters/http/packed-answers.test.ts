import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packedTexts } from './packed-answers.ts';

test('a text is compressed once for each encoding, however many ask', () => {
  const pack = packedTexts();
  const text = 'keys '.repeat(1_000);
  const [br, gzip] = [pack(text, 'gzip, br'), pack(text, 'gzip')];
  expect([br?.encoding, gzip?.encoding]).toEqual(['br', 'gzip']);
  expect(brotliDecompressSync(br?.bytes ?? '').toString()).toBe(text);
  expect(gunzipSync(gzip?.bytes ?? '').toString()).toBe(text);
  expect(pack(text, 'br')?.bytes).toBe(br?.bytes);
  expect(pack(text, 'gzip;q=0.5')?.bytes).toBe(gzip?.bytes);
});

test.each([undefined, '', 'identity', 'zstd', 'br;q=0', 'br; q=0.0, gzip ;q=0', 'brr'])(
  'whoever accepts %j gets the text as it is',
  (header) => expect(packedTexts()('text', header)).toBeUndefined(),
);

test('texts that were replaced long ago are forgotten', () => {
  const pack = packedTexts();
  const first = pack('0', 'br')?.bytes;
  for (let at = 1; at < 64; at += 1) pack(String(at), 'br');
  expect(pack('0', 'br')?.bytes).toBe(first);
  pack('64', 'br');
  expect(pack('0', 'br')?.bytes).not.toBe(first);
});
