import { afterEach, describe, expect, it } from 'vitest';
import { httpMint, type HttpMint, mintBody, swapBody } from '../../../test/http-mint.ts';
import { MINT_KEY, paidQuote, QUOTE_ID } from '../../../test/memory-mint.ts';
import { mintProofs, mintRequest, swapRequest } from '../../../test/requests.ts';
import { signLookup, WALLET_KEY } from '../../../test/wallet-secrets.ts';

let open: HttpMint | undefined;
async function start(...options: Parameters<typeof httpMint>): Promise<HttpMint> {
  open = await httpMint(...options);
  return open;
}
afterEach(async () => {
  await open?.context.stop();
  open = undefined;
});

describe('the HTTP API', () => {
  it('shows keys, keysets and what it can do', async () => {
    const { get, keyset, satKeyset } = await start();
    const described = { id: keyset.id, unit: 'hash', active: true, input_fee_ppk: 0, final_expiry: null };
    const both = [described, { ...described, id: satKeyset.id, unit: 'sat' }];
    expect((await get('/v1/keysets')).json).toEqual({ keysets: both });
    const keys = Object.fromEntries([...keyset.keys].map(([amount, key]) => [String(amount), key]));
    expect((await get('/v1/keys')).json).toMatchObject({ keysets: [{ ...described, keys }, { id: satKeyset.id }] });
    expect((await get(`/v1/keys/${keyset.id.toUpperCase()}`)).json).toEqual({ keysets: [{ ...described, keys }] });
    expect(await get('/v1/keys/00ff')).toMatchObject({ status: 400, json: { code: 12001 } });
    const { json } = await get('/v1/info');
    expect(json).toMatchObject({ name: 'test', pubkey: MINT_KEY, version: 'assay-mint/0.0.0', time: 1_795_227_000 });
  });

  it.each([
    ['/v1/nothing', 404],
    ['/v1/mint/quote/ehash/%zz', 400],
  ])('answers %s, which is no endpoint, in its own words', async (path, status) => {
    const { get } = await start();
    expect(await get(path)).toMatchObject({ status, json: { code: 51000, detail: expect.any(String) } });
    expect(Object.keys((await get(path)).json)).toEqual(['detail', 'code']);
  });

  it('an id of any length is an id that nobody knows', async () => {
    const { get } = await start();
    const long = 'a'.repeat(4_000);
    expect(await get(`/v1/keys/${long}`)).toMatchObject({ status: 400, json: { code: 12001 } });
    expect(await get(`/v1/mint/quote/ehash/${long}`)).toMatchObject({ status: 400, json: { code: 51003 } });
  });

  it('says that minting is disabled while paused', async () => {
    const { get, pause } = await start();
    pause('ISSUANCE');
    expect((await get('/v1/info')).json['nuts']).toMatchObject({ 4: { disabled: true } });
  });

  it('shows a quote exactly as specified, without a state', async () => {
    const { get } = await start();
    expect((await get(`/v1/mint/quote/ehash/${QUOTE_ID}`)).text).toBe(
      `{"quote":"${QUOTE_ID}","method":"ehash","request":"ehash:pool-1/b-0001","unit":"hash","amount":28,` +
        `"pubkey":"${WALLET_KEY}","expiry":null,"amount_paid":8,"amount_issued":0,"updated_at":1795227000,` +
        '"audit_state":"PAID","audit_code":"OK_PARTIAL"}',
    );
  });

  it('answers an unknown quote and one of another method alike', async () => {
    const { get } = await start();
    const unknown = await get('/v1/mint/quote/ehash/0198f1c0-7e8a-7c3d-8e9f-000000000000');
    expect(unknown).toMatchObject({ status: 400, json: { code: 51003 } });
    expect(await get(`/v1/mint/quote/bolt11/${QUOTE_ID}`)).toEqual(unknown);
  });

  it.each(['ehash', 'reward', 'escrow'])('makes no quote of %s', async (method) => {
    const { post } = await start();
    const body = { unit: 'hash', amount: 1, pubkey: WALLET_KEY };
    expect(await post(`/v1/mint/quote/${method}`, body)).toMatchObject({ status: 400, json: { code: 20003 } });
  });

  it('mints and swaps; the same bytes again have the same answer', async () => {
    const mint = await start();
    const body = JSON.stringify(mintBody(mintRequest('http', [8n], mint.keyset)));
    const first = await mint.post('/v1/mint/ehash', body);
    expect(first).toMatchObject({ status: 200, json: { signatures: [{ amount: 8, id: mint.keyset.id }] } });
    expect((await mint.post('/v1/mint/ehash?again', body)).text).toBe(first.text);
    expect(await mint.post('/v1/mint/ehash', ` ${body}`)).toMatchObject({ status: 400, json: { code: 20002 } });
  });

  it('takes hex of either case as one point', async () => {
    const mint = await start();
    const proofs = await mintProofs(mint, 'minted', [8n]);
    const lower = swapBody(swapRequest('swap', proofs, [8n], mint.keyset));
    const inputs = lower.inputs.map((input) => ({ ...input, C: input.C.toUpperCase(), id: input.id.toUpperCase() }));
    const answer = await mint.post('/v1/swap', { ...lower, inputs });
    expect(answer).toMatchObject({ status: 200, json: { signatures: [{ amount: 8, id: mint.keyset.id }] } });
    expect(answer.text).toBe(answer.text.toLowerCase().replace('"c_"', '"C_"'));
    expect(await mint.post('/v1/swap', lower)).toMatchObject({ status: 400, json: { code: 11001 } });
    const [y] = mint.store.spent.keys();
    const states = await mint.post('/v1/checkstate', { Ys: [y?.toUpperCase(), y] });
    expect(states.json).toEqual({ states: [y, y].map((Y) => ({ Y, state: 'SPENT', witness: null })) });
    const restored = await mint.post('/v1/restore', { outputs: lower.outputs.map((o) => ({ ...o, amount: 1 })) });
    expect(restored.json).toMatchObject({
      outputs: [{ amount: 8, B_: lower.outputs[0]?.B_ }],
      signatures: [{ amount: 8 }],
    });
  });

  it('finds quotes by the keys that signed, page by page', async () => {
    const mint = await start();
    mint.quotes.put(paidQuote(28n, { batchId: 'b-0002', quote: 'second' }));
    const proof = { pubkeys: [WALLET_KEY.toUpperCase()], pubkey_signatures: [signLookup(MINT_KEY)] };
    const all = await mint.post('/v1/mint/quote/ehash/pubkey', proof);
    expect(all.json).toMatchObject({
      quotes: [{ quote: QUOTE_ID }, { quote: 'second' }],
      next: null,
      next_cursor: null,
    });
    const first = await mint.post('/v1/mint/quote/ehash/pubkey', { ...proof, limit: 1 });
    expect(first.json).toMatchObject({ quotes: [{ quote: QUOTE_ID }] });
    const rest = await mint.post('/v1/mint/quote/ehash/pubkey', { ...proof, cursor: first.json['next'] });
    expect(rest.json).toMatchObject({ quotes: [{ quote: 'second' }], next: null });
    const other = await mint.post('/v1/mint/quote/bolt11/pubkey', proof);
    expect(other.json).toEqual({ quotes: [], next: null, next_cursor: null });
    const bad = await mint.post('/v1/mint/quote/ehash/pubkey', { ...proof, pubkey_signatures: ['00'] });
    expect(bad).toMatchObject({ status: 400, json: { code: 20008 } });
  });

  it('limits the requests of one address, and says so with 429', async () => {
    const mint = await start({ requestsPerMinute: 2 });
    expect((await mint.get('/v1/keysets')).status).toBe(200);
    expect((await mint.get('/v1/keysets')).status).toBe(200);
    expect(await mint.get('/v1/keysets')).toMatchObject({ status: 429, json: { code: 51001 } });
    mint.clock.advance(60_000);
    expect((await mint.get('/v1/keysets')).status).toBe(200);
  });

  it('lets pages of any origin ask', async () => {
    const { url } = await start();
    const preflight = await fetch(`${url}/v1/swap`, {
      method: 'OPTIONS',
      headers: { origin: 'https://wallet.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(
      (await fetch(`${url}/v1/keys`, { headers: { origin: 'x' } })).headers.get('access-control-allow-origin'),
    ).toBe('*');
  });

  it('a fault behind it answers 503 and never what it was', async () => {
    const fault = async () => Promise.reject(new Error('mongodb://secret'));
    const mint = await start({}, { replace: (api) => ({ ...api, operations: { ...api.operations, find: fault } }) });
    const answer = await mint.post('/v1/mint/ehash', mintBody(mintRequest('http', [8n], mint.keyset)));
    expect(answer).toEqual({
      status: 503,
      text: '{"detail":"temporarily unavailable","code":51002}',
      json: { detail: 'temporarily unavailable', code: 51002 },
    });
  });
});
