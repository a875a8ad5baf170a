import { type DescribedEndpoint, describedEndpoints, hostileBodies, hostilePaths } from '@assay/testkit/hostile-json';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpMint, type HttpMint, mintBody, swapBody } from '../../../test/http-mint.ts';
import { blinds, mintProofs, mintRequest, swapRequest } from '../../../test/requests.ts';
import { REFUSALS } from '../../domain/refusals.ts';

const CODES = new Set<unknown>(Object.values(REFUSALS).map(({ code }) => code));
const RUNS_OF_EACH = 60;
const SLOW = { timeout: 90_000 };

let mint: HttpMint;
let endpoints: readonly DescribedEndpoint[];

beforeAll(async () => {
  mint = await httpMint({}, { paid: 8n });
  endpoints = describedEndpoints((await mint.get('/openapi.json')).json);
});
afterAll(() => mint.context.stop());

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array | undefined;
}

/** The answer to any request: done, or refused in the words of the specification. */
async function ask(path: string, { method = 'POST', headers = {}, bytes }: Asked): Promise<Response> {
  const body = bytes === undefined || bytes.length === 0 ? null : Uint8Array.from(bytes);
  const answer = await fetch(`${mint.url}${path}`, { method, headers, body, redirect: 'manual' });
  const text = await answer.text();
  if (answer.status === 200 || answer.status === 204 || method === 'HEAD') return answer;
  expect([400, 404]).toContain(answer.status);
  const refused = JSON.parse(text) as Record<string, unknown>;
  expect([Object.keys(refused), typeof refused['detail']]).toEqual([['detail', 'code'], 'string']);
  expect(CODES).toContain(refused['code']);
  return answer;
}

/** What must not change, whatever is refused. */
const state = () => ({
  operations: mint.store.byId.size,
  spent: mint.store.spent.size,
  signed: mint.store.signed.size,
});

test('the API has endpoints, with and without bodies', () => {
  expect(endpoints.filter(({ method }) => method === 'POST').length).toBeGreaterThanOrEqual(11);
  expect(endpoints.filter(({ body }) => body !== undefined).length).toBeGreaterThanOrEqual(10);
});

test('a body of any wrong shape, on any path, is refused with a defined code and changes nothing', SLOW, async () => {
  const before = state();
  for (const endpoint of endpoints.filter(({ method }) => method === 'POST')) {
    await fc.assert(
      fc.asyncProperty(hostilePaths(endpoint), hostileBodies(endpoint), async (path, { bytes }) => {
        await ask(path, { headers: { 'content-type': 'application/json' }, bytes });
      }),
      { numRuns: RUNS_OF_EACH },
    );
  }
  expect(state()).toEqual(before);
  expect((await mint.get('/v1/keysets')).status).toBe(200);
});

test('any path is answered, by what it names or as none', SLOW, async () => {
  for (const endpoint of endpoints) {
    await fc.assert(
      fc.asyncProperty(hostilePaths(endpoint), async (path) => void (await ask(path, { method: 'GET' }))),
      { numRuns: 15 },
    );
  }
});

test.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND'])('%s is no endpoint anywhere', async (method) => {
  for (const { path } of endpoints) {
    const { status } = await ask(path, { method });
    expect(status === 204 || status >= 400).toBe(true);
  }
});

test.each([
  ['content-type', 'text/plain'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'br'],
  ['accept', 'image/png'],
  ['accept-encoding', 'x'.repeat(4_000)],
  ['origin', 'null'],
  ['x-forwarded-for', '1.2.3.4'],
  ['cookie', 'a=b'.repeat(1_000)],
])('a header changes nothing of the answer (%#: %s)', async (name, value) => {
  const bytes = Buffer.from('{"Ys":[]}');
  expect((await ask('/v1/checkstate', { headers: { [name]: value }, bytes })).status).toBe(200);
});

test.each([';;;', 'x'.repeat(4_000)])('a content type that is none is refused (%#)', async (type) => {
  const asked = { headers: { 'content-type': type }, bytes: Buffer.from('{"Ys":[]}') };
  expect((await ask('/v1/checkstate', asked)).status).toBe(400);
});

test('a megabyte is read, and a byte more is not', async () => {
  const padded = (length: number) => Buffer.from('{"Ys":[]}'.padEnd(length));
  expect((await ask('/v1/checkstate', { bytes: padded(1_048_576) })).status).toBe(200);
  expect((await ask('/v1/checkstate', { bytes: padded(1_048_577) })).status).toBe(400);
});

test('a body in chunks is cut at a megabyte', async () => {
  const chunks = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)),
  });
  const sent = fetch(`${mint.url}/v1/checkstate`, { method: 'POST', body: chunks, duplex: 'half' });
  const answer = await sent.then(({ status }) => status).catch(() => 'cut');
  expect([400, 'cut']).toContain(answer);
  expect((await mint.get('/v1/keysets')).status).toBe(200);
});

test('what was done before is not done again in another body: the codes say why', async () => {
  const minted = await mint.post('/v1/mint/ehash', mintBody(mintRequest('first', [2n], mint.keyset)));
  expect(minted.status).toBe(200);
  const proofs = await mintProofs(mint, 'second', [4n, 2n]);
  const done = swapBody(swapRequest('swap', proofs, [4n, 2n], mint.keyset));
  expect((await mint.post('/v1/swap', done)).status).toBe(200);
  const fresh = blinds('others', [4n, 2n], mint.keyset).map(({ output: { amount, keyset: id, b: B_ } }) => ({
    ...{ amount: Number(amount), id, B_ },
  }));
  const before = state();
  expect(await mint.post('/v1/swap', { ...done, outputs: fresh })).toMatchObject({ json: { code: 11001 } });
  expect(await mint.post('/v1/swap', { ...done, memo: 'again' })).toMatchObject({ json: { code: 11001 } });
  expect(await mint.post('/v1/swap', { ...done, inputs: done.inputs.toReversed() })).toMatchObject({
    json: { code: 11001 },
  });
  const again = mintBody(mintRequest('first', [2n], mint.keyset));
  expect(await mint.post('/v1/mint/ehash', { ...again, memo: 1 })).toMatchObject({ json: { code: 20002 } });
  expect(state()).toEqual(before);
  expect((await mint.post('/v1/swap', done)).status).toBe(200);
});
