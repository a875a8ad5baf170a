import { afterEach, describe, expect, it } from 'vitest';
import { httpMint, type HttpMint } from '../../../test/http-mint.ts';
import { foreignRequest } from '../../../test/lightning-wallet.ts';
import { proofsIn } from '../../../test/melting-mint.ts';
import { blinds } from '../../../test/requests.ts';
import { pointOfSecret } from '../../domain/side-checks.ts';

let mint: HttpMint;
afterEach(() => mint.context.stop());

async function start(): Promise<HttpMint> {
  return (mint = await httpMint());
}

const QUOTES = '/v1/melt/quote/bolt11';
const OFF_CURVE = `02${'0'.repeat(63)}5`;

/** A request for 50 sat with 64 given, as a wallet writes it. */
async function prepared() {
  const { ports, satKeyset, post } = await start();
  const [input] = await proofsIn(ports.signatory, satKeyset, 'melt', [64n]);
  const proof = { amount: 64, id: satKeyset.id, secret: input?.secret, C: input?.c, witness: null };
  const outputs = blinds('blank', [1n, 1n, 1n, 1n], satKeyset).map(({ output: { b, keyset } }) => ({
    ...{ amount: 0, id: keyset, B_: b },
  }));
  const { json } = await post(QUOTES, { request: foreignRequest('wallet', 50n), unit: 'sat', options: null });
  return { proof, outputs, quote: String(json['quote']) };
}

describe('the melt quote of a wallet', () => {
  it('says what it costs, in the fields that wallets read', async () => {
    const { post, get } = await start();
    const request = foreignRequest('old', 50n);
    const { json } = await post(QUOTES, { request, unit: 'SAT', extra: 1 });
    expect(json).toEqual({
      ...{ quote: json['quote'], method: 'bolt11', request, amount: 50, unit: 'sat', fee_reserve: 1 },
      ...{ state: 'UNPAID', expiry: Math.floor((mint.clock.now() + 3_600_000) / 1_000), payment_preimage: null },
    });
    expect((await get(`${QUOTES}/${String(json['quote'])}`)).json).toEqual(json);
  });

  it('of a part of a request is for that part, rounded up to whole sat', async () => {
    const { post } = await start();
    const part = { request: foreignRequest('part', 50n), unit: 'sat', options: { mpp: { amount: 10_001 } } };
    expect((await post(QUOTES, part)).json).toMatchObject({ amount: 11 });
  });

  it.each([
    ['a part larger than the request', { options: { mpp: { amount: 50_001 } } }, 11012],
    ['another amount than the request has', { options: { amountless: { amount_msat: 51_000 } } }, 11012],
    ['another unit', { unit: 'hash' }, 11013],
    ['a unit that is no name', { unit: '' }, 51000],
    ['no request at all', { request: 'pay me' }, 51000],
    ['a request that is no text', { request: 1 }, 51000],
    ['a part that is no integer', { options: { mpp: { amount: '1' } } }, 51000],
    ['a part of nothing', { options: { mpp: { amount: 0 } } }, 51000],
    ['options that are none', { options: [] }, 51000],
  ])('of %s is refused', async (_, fields, code) => {
    const { post } = await start();
    const body = { request: foreignRequest('refused', 50n), unit: 'sat', ...fields };
    expect((await post(QUOTES, body)).json).toMatchObject({ code });
  });

  it('beyond the limits, of a method that is not offered, or unknown is refused', async () => {
    const { post, get } = await start();
    const large = { request: foreignRequest('large', 1_000_001n), unit: 'sat' };
    expect((await post(QUOTES, large)).json).toMatchObject({ code: 11006 });
    expect((await post('/v1/melt/quote/ehash', large)).json).toMatchObject({ code: 11013 });
    const { json } = await post(QUOTES, { request: foreignRequest('own', 50n), unit: 'sat' });
    for (const path of [`deposit/${String(json['quote'])}`, 'bolt11/unknown']) {
      expect((await get(`/v1/melt/quote/${path}`)).json).toMatchObject({ code: 51003 });
    }
  });
});

describe('the melt of a wallet', () => {
  it('is answered with the quote and its change, which the quote keeps', async () => {
    const { proof, outputs, quote } = await prepared();
    const body = { quote, inputs: [proof], outputs };
    const paid = await mint.post('/v1/melt/bolt11', body);
    expect(paid.json).toMatchObject({
      ...{ state: 'PAID', payment_preimage: '0'.repeat(64) },
      change: [
        { amount: 1, id: mint.satKeyset.id },
        { amount: 4, id: mint.satKeyset.id },
        { amount: 8, id: mint.satKeyset.id },
      ],
    });
    expect((await mint.get(`${QUOTES}/${quote}`)).json).toEqual(paid.json);
    expect((await mint.post('/v1/melt/bolt11', body)).text).toBe(paid.text);
  });

  it.each([
    ['left away', {}],
    ['null', { outputs: null }],
    ['empty', { outputs: [] }],
  ])('with outputs that are %s has no change', async (_, fields) => {
    const { proof, quote } = await prepared();
    const { json } = await mint.post('/v1/melt/bolt11', { quote, inputs: [proof], ...fields });
    expect(json).toMatchObject({ state: 'PAID' });
    expect(json).not.toHaveProperty('change');
  });

  it('that need not be waited for is PENDING at once', async () => {
    const { proof, outputs, quote } = await prepared();
    const { json } = await mint.post('/v1/melt/bolt11', { quote, inputs: [proof], outputs, prefer_async: true });
    expect(json).toMatchObject({ state: 'PENDING', payment_preimage: null });
    const ys = [pointOfSecret(proof.secret ?? '')];
    expect(['PENDING', 'SPENT']).toContain((await statesOf(ys))[0]);
  });

  it.each([
    ['no inputs', { inputs: [] }, 51000],
    ['inputs that are no list', { inputs: {} }, 51000],
    ['outputs that are no list', { outputs: 'none' }, 51000],
    ['an output off the curve', { outputs: [{ amount: 1, id: '00', B_: OFF_CURVE }] }, 51000],
    ['a wish that is neither true nor false', { prefer_async: 'yes' }, 51000],
    ['an unknown quote', { quote: 'unknown' }, 51003],
  ])('with %s is refused', async (_, fields, code) => {
    const { proof, outputs, quote } = await prepared();
    const { json } = await mint.post('/v1/melt/bolt11', { quote, inputs: [proof], outputs, ...fields });
    expect(json).toMatchObject({ code });
  });
});

async function statesOf(ys: readonly string[]): Promise<readonly string[]> {
  const { json } = await mint.post('/v1/checkstate', { Ys: ys });
  return (json['states'] as { state: string }[]).map(({ state }) => state);
}
