import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpMint, type HttpMint, mintBody } from '../../../test/http-mint.ts';
import { QUOTE_ID } from '../../../test/memory-mint.ts';
import { mintRequest } from '../../../test/requests.ts';

// 03-mint section 19, as a wallet sees it.

let mint: HttpMint;
beforeEach(async () => {
  mint = await httpMint();
});
afterEach(() => mint.context.stop());

const asked = (name: string, amounts: readonly bigint[]) => mintBody(mintRequest(name, amounts, mint.keyset));
const quote = () => mint.get(`/v1/mint/quote/ehash/${QUOTE_ID}`);

describe('A7: a batch of credit 28 of which 8 were credited', () => {
  it('is a quote of 28 with 8 paid, from which 8 are minted once and no more', async () => {
    expect((await quote()).json).toMatchObject({ amount: 28, amount_paid: 8, audit_code: 'OK_PARTIAL' });
    const nine = await mint.post('/v1/mint/ehash', asked('nine', [1n, 8n]));
    expect(nine).toMatchObject({ status: 400, json: { code: 11005 } });
    expect(await mint.post('/v1/mint/ehash', asked('eight', [8n]))).toMatchObject({ status: 200 });
    const again = await mint.post('/v1/mint/ehash', asked('again', [8n]));
    expect(again).toMatchObject({ status: 400, json: { code: 20002 } });
    expect((await quote()).json).toMatchObject({ amount_issued: 8, audit_state: 'ISSUED' });
  });
});

describe('A5: outputs in another order than was signed', () => {
  it('are refused 20008, and minted in the signed order', async () => {
    const body = asked('ordered', [1n, 2n]);
    const turned = { ...body, outputs: [...body.outputs].reverse() };
    expect(await mint.post('/v1/mint/ehash', turned)).toMatchObject({ status: 400, json: { code: 20008 } });
    expect(await mint.post('/v1/mint/ehash', body)).toMatchObject({ status: 200 });
  });
});
