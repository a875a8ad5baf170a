import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pointOfSecret } from '../src/domain/side-checks.ts';
import type { MeltDocument } from '../src/adapters/mongo/melt-document.ts';
import { foreignRequest, meltBody, meltOpId, rawWallet, type RawWallet } from './lightning-wallet.ts';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';

let processes: MintProcesses;
let here: RawWallet;
let there: RawWallet;
beforeAll(async () => {
  processes = await startMintProcesses(2, { MINT_BOLT11_BACKEND: 'fake', MINT_FAKE_PAY_DELAY_MS: '0' });
  [here, there] = [rawWallet(processes.mints[0]?.url ?? ''), rawWallet(processes.mints[1]?.url ?? '')];
});
afterAll(() => processes.stop());

const MELT = '/v1/melt/bolt11';

function operations() {
  return processes.database.db.collection<MeltDocument>('operations');
}

describe('a melt', () => {
  it('pays a request of somebody else, and both instances show what became of it', async () => {
    const [inputs, keyset] = [await here.fund('first', 100n), await here.keyset()];
    const quote = await here.quote(foreignRequest('first', 50n));
    expect(quote).toMatchObject({ amount: 50, fee_reserve: 1, state: 'UNPAID', unit: 'sat', payment_preimage: null });
    const body = meltBody('first', quote.quote, { inputs, keyset, blanks: 6 });
    const paid = await here.post(MELT, body);
    expect(paid.json).toMatchObject({ state: 'PAID', quote: quote.quote, payment_preimage: '0'.repeat(64) });
    // 100 less 50, 1 of Lightning and 1 of three inputs at 100 ppk.
    expect((paid.json['change'] as { amount: number }[]).map(({ amount }) => amount)).toEqual([16, 32]);
    expect((await there.get(`/v1/melt/quote/bolt11/${quote.quote}`)).json).toEqual(paid.json);
    expect((await there.post(MELT, body)).text).toBe(paid.text);
    const ys = inputs.map(({ secret }) => pointOfSecret(secret));
    const { states } = (await there.post('/v1/checkstate', { Ys: ys })).json;
    expect(states).toEqual(ys.map((y) => ({ Y: y, state: 'SPENT', witness: null })));
    expect(await operations().findOne({ _id: meltOpId(body) })).toMatchObject({
      state: 'COMMITTED',
      out: 51n,
      fee: 1n,
    });
  });
});
