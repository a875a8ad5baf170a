import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpMint, type HttpMint, mintBody, swapBody } from '../../../test/http-mint.ts';
import { mintProofs, mintRequest, swapRequest } from '../../../test/requests.ts';
import { WALLET_KEY } from '../../../test/wallet-secrets.ts';

const POST_PATHS = [
  ...['/v1/swap', '/v1/mint/ehash', '/v1/mint/bolt11', '/v1/checkstate', '/v1/restore'],
  ...['/v1/mint/quote/ehash/pubkey', '/v1/mint/quote/ehash', '/v1/mint/quote/bolt11', '/v1/mint/quote/ehash/check'],
  ...['/v1/mint/ehash/batch', '/v1/melt/quote/bolt11', '/v1/melt/bolt11'],
];

let mint: HttpMint;
let swapText: string;
let mintText: string;
beforeAll(async () => {
  mint = await httpMint({}, { paid: 8n });
  const proofs = await mintProofs(mint, 'minted', [4n]);
  swapText = JSON.stringify(swapBody(swapRequest('swap', proofs, [4n], mint.keyset)));
  mintText = JSON.stringify(mintBody(mintRequest('mint', [4n], mint.keyset)));
});
afterAll(() => mint.context.stop());

const amounts = ['-1', '1.0', '1e0', '"4"', 'null', '9007199254740992', '18446744073709551616', 'true', '[4]', '{}'];

describe('a body that is not as specified', () => {
  it.each(amounts)('with the amount %s answers 51000', async (amount) => {
    for (const field of ['inputs', 'outputs']) {
      const at = swapText.indexOf('"amount":4', swapText.indexOf(field));
      const text = `${swapText.slice(0, at)}"amount":${amount}${swapText.slice(at + '"amount":4'.length)}`;
      expect(await mint.post('/v1/swap', text)).toMatchObject({ status: 400, json: { code: 51000 } });
    }
  });

  it.each<[string, (text: string) => string]>([
    ['a repeated key', (text) => text.replace('"amount":4', '"amount":4,"amount":4')],
    ['text after it', (text) => `${text}x`],
    ['a point that is too short', (text) => text.replace(/"B_":"../, '"B_":"')],
    ['a point that is no hex', (text) => text.replace(/"B_":"../, '"B_":"zz')],
    ['a secret of 2,049 bytes', (text) => text.replace(/"secret":"/, `"secret":"${'s'.repeat(2_049)}`)],
    ['a witness of 8,193 bytes', (text) => text.replace('"C":', `"witness":"${'w'.repeat(8_193)}","C":`)],
    ['an output that is a list', (text) => text.replace('"outputs":[', '"outputs":[[],')],
    ['no inputs', (text) => text.replace(/"inputs":\[.*?\],/, '"inputs":[],')],
    ['an unpaired surrogate', (text) => text.replace('"secret":"', '"secret":"\\ud800')],
    ['nothing in it', () => ''],
    ['a list', () => '[]'],
  ])('with %s answers 51000', async (_, spoil) => {
    expect(await mint.post('/v1/swap', spoil(swapText))).toMatchObject({ status: 400, json: { code: 51000 } });
  });

  it.each([
    ['/v1/swap', '[]', 'the body is no object'],
    ['/v1/swap', '{"inputs":[],"outputs":{}}', 'outputs is no list'],
    ['/v1/swap', '{"inputs":[],"outputs":[1]}', 'outputs[0] is no object'],
    [
      '/v1/swap',
      `{"inputs":[],"outputs":[{"amount":1,"id":"","B_":"${WALLET_KEY}"},{"amount":"1"}]}`,
      'outputs[1].amount is no amount',
    ],
    ['/v1/checkstate', `{"Ys":["${WALLET_KEY}","0"]}`, 'Ys[1] is no point'],
    [
      '/v1/melt/quote/bolt11',
      '{"request":"","unit":"sat","options":{"mpp":{"amount":0}}}',
      'options.mpp.amount is less than 1',
    ],
    [
      '/v1/mint/ehash/batch',
      '{"quotes":["a"],"outputs":[],"signatures":[1]}',
      'signatures[0] is no text of at most 128 bytes',
    ],
  ])('at %s, %s, is told which part is wrong', async (path, text, detail) => {
    expect((await mint.post(path, text)).json).toEqual({ code: 51000, detail });
  });

  it('that is no UTF-8 or larger than a megabyte answers 51000', async () => {
    const noUtf8 = Uint8Array.from(
      [...new TextEncoder().encode(swapText)].map((byte) => (byte === 0x73 ? 0xff : byte)),
    );
    expect(await mint.post('/v1/swap', noUtf8)).toMatchObject({ status: 400, json: { code: 51000 } });
    const large = `{"inputs":"${'x'.repeat(1_048_576)}"}`;
    expect(await mint.post('/v1/swap', large)).toMatchObject({ status: 400, json: { code: 51000 } });
  });

  it('with too many entries answers the code of their side', async () => {
    const [output] = mintRequest('many', [1n], mint.keyset).outputs;
    const many = Array.from({ length: 1_001 }, () => ({ amount: 1, id: mint.keyset.id, B_: output?.b }));
    expect(await mint.post('/v1/restore', { outputs: many })).toMatchObject({ json: { code: 11015 } });
    const ys = many.map(({ B_ }) => B_);
    expect(await mint.post('/v1/checkstate', { Ys: ys })).toMatchObject({ json: { code: 11014 } });
    expect(await mint.post('/v1/mint/ehash', { quote: 'q', outputs: many })).toMatchObject({ json: { code: 11015 } });
  });

  it.each([
    { pubkeys: [], pubkey_signatures: [] },
    {
      pubkeys: Array.from({ length: 21 }, () => WALLET_KEY),
      pubkey_signatures: Array.from({ length: 21 }, () => '00'),
    },
    { pubkeys: [WALLET_KEY], pubkey_signatures: [] },
    { pubkeys: [`02${'0'.repeat(63)}5`], pubkey_signatures: ['00'] },
    { pubkeys: [WALLET_KEY], pubkey_signatures: ['00'], cursor: 'bm9uc2Vuc2U' },
    { pubkeys: [WALLET_KEY], pubkey_signatures: ['00'], limit: 0 },
  ])('of a lookup answers 51000 (%#)', async (body) => {
    const answer = await mint.post('/v1/mint/quote/ehash/pubkey', body);
    expect(answer).toMatchObject({ status: 400, json: { code: 51000 } });
  });

  it('of any JSON on any path is answered with a code, never with a fault', async () => {
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc.jsonValue().map((outputs) => JSON.stringify({ outputs, Ys: outputs })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...POST_PATHS), bodies, async (path, body) => {
        const { status, json } = await mint.post(path, body);
        expect(status === 400 ? json['code'] : status).toSatisfy((got) =>
          [200, 20003, 51000, 51003].includes(Number(got)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('of a valid request with one character changed is answered with a code, and commits nothing it should not', async () => {
    const committed = mint.store.byId.size;
    const edit = fc.record({ at: fc.nat(), with: fc.constantFrom(...'{}[]",:0123456789abcdefZ\\ ') });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/v1/swap', '/v1/mint/ehash'), edit, async (path, change) => {
        const text = path === '/v1/swap' ? swapText : mintText;
        const at = change.at % text.length;
        const spoilt = `${text.slice(0, at)}${change.with}${text.slice(at + 1)}`;
        if (spoilt.toLowerCase() === text.toLowerCase()) return;
        const { status } = await mint.post(path, spoilt);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 300 },
    );
    // A change inside insignificant parts (white space, an unknown key) may leave a valid request: at most one of each.
    expect(mint.store.byId.size - committed).toBeLessThanOrEqual(2);
  });
});
