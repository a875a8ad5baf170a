import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpMint, type HttpMint } from '../../../test/http-mint.ts';
import { paidQuote, QUOTE_ID } from '../../../test/memory-mint.ts';
import { payIncoming } from '../../../test/memory-payments.ts';
import { blinds } from '../../../test/requests.ts';
import { signQuote } from '../../../test/wallet-secrets.ts';

const OTHER_ID = '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e70';

let mint: HttpMint;
beforeAll(async () => {
  mint = await httpMint({}, { paid: 8n });
  mint.quotes.put(paidQuote(8n, { batchId: 'b-0002', quote: OTHER_ID }));
});
afterAll(() => mint.context.stop());

const check = (quotes: unknown) => mint.post('/v1/mint/quote/ehash/check', { quotes });
const outputsOf = (name: string, amounts: readonly bigint[]) =>
  blinds(name, amounts, mint.keyset).map(({ output }) => output);
const written = (outputs: ReturnType<typeof outputsOf>) =>
  outputs.map(({ amount, keyset, b }) => ({ amount: Number(amount), id: keyset, B_: b }));

describe('checking quotes (NUT-29)', () => {
  test('answers a list in the order of the ids', async () => {
    const { json } = await check([OTHER_ID, QUOTE_ID]);
    expect(json).toMatchObject([
      { quote: OTHER_ID, request: 'ehash:pool-1/b-0002', audit_state: 'PAID' },
      { quote: QUOTE_ID, request: 'ehash:pool-1/b-0001' },
    ]);
  });

  test.each([
    ['one unknown', [QUOTE_ID, 'nobody'], 51_003],
    ['one twice', [QUOTE_ID, QUOTE_ID], 11_016],
    ['none', [], 51_000],
    ['a hundred and one', Array.from({ length: 101 }, (_, at) => `q-${at}`), 11_017],
    ['no list', QUOTE_ID, 51_000],
    ['no texts', [1], 51_000],
  ])('with %s is refused as a whole', async (_, quotes, code) => {
    expect(await check(quotes)).toMatchObject({ status: 400, json: { code } });
  });

  test('under another method knows none', async () => {
    expect(await mint.post('/v1/mint/quote/bolt11/check', { quotes: [QUOTE_ID] })).toMatchObject({
      json: { code: 51_003 },
    });
  });

  test('asks what was paid meanwhile', async () => {
    const asked = await mint.post('/v1/mint/quote/bolt11', { unit: 'sat', amount: 5 });
    const quote = String(asked.json['quote']);
    payIncoming(mint.lightning, mint.quotes.get(`bolt11:${quote}`).lookupId ?? '');
    const { json, text } = await mint.post('/v1/mint/quote/bolt11/check', { quotes: [quote] });
    expect(json).toMatchObject([
      { quote, state: 'PAID', amount_paid: 5, amount_issued: 0, expiry: expect.any(Number) },
    ]);
    expect(text).not.toContain('audit_');
  });
});

describe('minting a batch over HTTP', () => {
  test.each([
    ['signatures that are not as many as quotes', { signatures: ['00'] }],
    ['amounts that are not as many as quotes', { quote_amounts: [1, 2, 3] }],
    ['amounts that are none', { quote_amounts: ['1', '2'] }],
    ['quotes that are none', { quotes: [1, 2] }],
  ])('%s are unreadable', async (_, fields) => {
    const body = { quotes: [QUOTE_ID, OTHER_ID], outputs: written(outputsOf('x', [1n])), ...fields };
    expect(await mint.post('/v1/mint/ehash/batch', body)).toMatchObject({ json: { code: 51_000 } });
  });

  test('gives a signature for each output, and the same to the same body', async () => {
    const outputs = outputsOf('batch', [1n, 2n, 8n]);
    const quotes = [QUOTE_ID, OTHER_ID];
    const signatures = quotes.map((quote) => signQuote(quote, outputs));
    const body = { quotes, quote_amounts: [8, 3], outputs: written(outputs), signatures };
    const answer = await mint.post('/v1/mint/ehash/batch', body);
    expect(answer.json).toMatchObject({ signatures: [{ amount: 1 }, { amount: 2 }, { amount: 8 }] });
    expect(await mint.post('/v1/mint/ehash/batch', body)).toEqual(answer);
    const again = await mint.post('/v1/mint/ehash/batch', { ...body, quote_amounts: null });
    expect(again).toMatchObject({ json: { code: 20_002 } });
  });
});
