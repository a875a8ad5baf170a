import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpMint, type HttpMint } from '../../../test/http-mint.ts';

let mint: HttpMint;
beforeAll(async () => {
  mint = await httpMint();
});
afterAll(() => mint.context.stop());

/** As bytes: `fetch` would undo what is looked at here. */
async function asked(path: string, headers: Record<string, string>, method = 'GET') {
  const sent = request(`${mint.url}${path}`, { headers, method });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { headers: response.headers, status: response.statusCode, bytes: Buffer.concat(chunks) };
}

describe('an answer', () => {
  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('that is large is sent as %s to whoever takes that', async (encoding, undo) => {
    const plain = await asked('/v1/keys', {});
    const packed = await asked('/v1/keys', { 'accept-encoding': encoding });
    expect(packed.headers).toMatchObject({
      'content-encoding': encoding,
      vary: expect.stringMatching(/accept-encoding/i),
    });
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length);
    expect(undo(packed.bytes).equals(plain.bytes)).toBe(true);
    expect(plain.headers['content-encoding']).toBeUndefined();
  });

  test('that is small, or goes to whoever takes nothing, is sent as it is', async () => {
    expect((await asked('/v1/keysets', { 'accept-encoding': 'br, gzip' })).headers['content-encoding']).toBeUndefined();
    expect((await asked('/v1/keys', { 'accept-encoding': 'identity' })).headers['content-encoding']).toBeUndefined();
    expect((await asked('/v1/keys', { 'accept-encoding': 'br;q=0' })).headers['content-encoding']).toBeUndefined();
  });

  test('of refusals too may be asked for by pages of any origin', async () => {
    for (const path of ['/v1/keys', '/v1/keys/ff', '/v1/nothing']) {
      const { headers } = await asked(path, { origin: 'https://wallet.example' });
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
  });
});

test('a browser is told once a day that it may post JSON', async () => {
  const headers = {
    origin: 'https://wallet.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  };
  const answer = await asked('/v1/mint/quote/bolt11', headers, 'OPTIONS');
  expect(answer.status).toBe(204);
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'content-type',
    'access-control-max-age': '86400',
  });
});

test('a compressed body is no body: nobody unpacks what is larger than it looks', async () => {
  const response = await fetch(`${mint.url}/v1/swap`, {
    ...{ method: 'POST', headers: { 'content-encoding': 'gzip' } },
    body: Uint8Array.of(0x1f, 0x8b, 8, 0),
  });
  expect(await response.json()).toMatchObject({ code: 51_000 });
});
