import { hasValidDleq, type Proof, Wallet } from '@cashu/cashu-ts';
import { present } from '@assay/shared/kernel/assert';
import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeltDocument } from '../src/adapters/mongo/melt-document.ts';
import type { OutgoingDocument } from '../src/adapters/payments/fake-ledger.ts';
import type { ProofInput } from '../src/domain/request.ts';
import { pointOfSecret } from '../src/domain/side-checks.ts';
import { foreignRequest, meltBody, meltOpId, rawWallet, type RawWallet } from './lightning-wallet.ts';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';

const MELT = '/v1/melt/bolt11';
/** Requests of the mint itself pay themselves so late that a melt is faster. */
const PAYS_ITSELF_MS = 1_500;
const KILL_AFTER_MS = [0, 30, 70, 120];
const ENDED_WITHIN_MS = 20_000;
const TEST_MS = 240_000;

let processes: MintProcesses;
let here: RawWallet;
let there: RawWallet;
beforeAll(async () => {
  const settings = { MINT_BOLT11_BACKEND: 'fake', MINT_FAKE_PAY_DELAY_MS: String(PAYS_ITSELF_MS) };
  processes = await startMintProcesses(2, settings);
  [here, there] = [rawWallet(processes.mints[0]?.url ?? ''), rawWallet(processes.mints[1]?.url ?? '')];
});
afterAll(() => processes.stop());

const operations = () => processes.database.db.collection<MeltDocument>('operations');
const outgoing = () => processes.database.db.collection<OutgoingDocument>('fakeOutgoing');

/** A melt of 50 sat with 64 given, ready to be sent. */
async function prepared(name: string, { amounts = [64n], paying = foreignRequest(name, 50n) } = {}) {
  const [inputs, keyset] = [await here.fund(name, amounts), await here.keyset()];
  const { quote } = await here.quote(paying);
  const body = meltBody(name, quote, { inputs, keyset });
  return { quote, inputs, keyset, body, opId: meltOpId(body) };
}

async function statesOf(inputs: readonly ProofInput[]): Promise<readonly string[]> {
  const ys = inputs.map(({ secret }) => pointOfSecret(secret));
  const { json } = await there.post('/v1/checkstate', { Ys: ys });
  return (json['states'] as { state: string }[]).map(({ state }) => state);
}

async function paidChange(quote: string): Promise<readonly number[]> {
  const found = await until(
    'the melt is paid',
    async () => {
      const { json } = await there.get(`/v1/melt/quote/bolt11/${quote}`);
      return json['state'] === 'PAID' ? json : undefined;
    },
    ENDED_WITHIN_MS,
  );
  return (found['change'] as { amount: number }[]).map(({ amount }) => amount);
}

describe('a melt', () => {
  it('pays a request of somebody else, and both instances show what became of it', async () => {
    const [inputs, keyset] = [await here.fund('first', [4n, 32n, 64n]), await here.keyset()];
    const quote = await here.quote(foreignRequest('first', 50n));
    expect(quote).toMatchObject({ amount: 50, fee_reserve: 1, state: 'UNPAID', unit: 'sat', payment_preimage: null });
    const body = meltBody('first', quote.quote, { inputs, keyset, blanks: 6 });
    const paid = await here.post(MELT, body);
    expect(paid.json).toMatchObject({ state: 'PAID', quote: quote.quote, payment_preimage: '0'.repeat(64) });
    // 100 less 50, 1 of Lightning and 1 of three inputs at 100 ppk.
    expect((paid.json['change'] as { amount: number }[]).map(({ amount }) => amount)).toEqual([16, 32]);
    expect((await there.get(`/v1/melt/quote/bolt11/${quote.quote}`)).json).toEqual(paid.json);
    expect((await there.post(MELT, body)).text).toBe(paid.text);
    expect(await statesOf(inputs)).toEqual(['SPENT', 'SPENT', 'SPENT']);
    const stored = await operations().findOne({ _id: meltOpId(body) });
    expect(stored).toMatchObject({ state: 'COMMITTED', out: 51n, fee: 1n });
  });

  it('is told once, as an operation of what left the mint, and counted', async () => {
    const { body, opId } = await prepared('told');
    expect((await here.post(MELT, body)).code).toBe(200);
    await until(
      'the event is out and the operation counted',
      async () =>
        (await operations().findOne({ _id: opId, projected: true, 'outbox.0': { $exists: false } })) ?? undefined,
    );
    const counted = await processes.database.db
      .collection<{ _id: string; melted: bigint }>('supply')
      .findOne({ _id: 'sat:bolt11' });
    expect(counted?.melted).toBeGreaterThanOrEqual(51n);
  });

  it('that need not be waited for is PENDING, then paid', async () => {
    const { body, quote, inputs } = await prepared('async');
    const answer = await here.post(MELT, JSON.stringify({ ...(JSON.parse(body) as object), prefer_async: true }));
    expect(answer.json).toMatchObject({ state: 'PENDING', payment_preimage: null });
    expect(await paidChange(quote)).toEqual([4, 8]);
    expect(await statesOf(inputs)).toEqual(['SPENT']);
  });

  it('that fails frees its inputs, and the same request pays again', async () => {
    const { body, quote, inputs, opId } = await prepared('failing');
    await outgoing().insertOne({ _id: opId, request: 'failed before', amount: 50n, fee: 0n });
    expect((await here.post(MELT, body)).code).toBe(20004);
    expect([await there.stateOf(quote), await statesOf(inputs)]).toEqual(['UNPAID', ['UNSPENT']]);
    expect((await there.post(MELT, body)).json).toMatchObject({ state: 'PAID' });
    expect(await outgoing().countDocuments({ _id: `${opId}-2`, payAt: { $exists: true } })).toBe(1);
  });

  it('of a request that another melt paid is refused, and its inputs stay free', async () => {
    const first = await prepared('twice');
    const second = await here.quote(foreignRequest('twice', 50n));
    expect((await here.post(MELT, first.body)).code).toBe(200);
    const inputs = await here.fund('twice-again', [64n]);
    const body = meltBody('twice-again', second.quote, { inputs, keyset: first.keyset });
    expect((await there.post(MELT, body)).code).toBe(20006);
    expect([await there.stateOf(second.quote), await statesOf(inputs)]).toEqual(['UNPAID', ['UNSPENT']]);
  });

  it('of a request of this mint is settled inside', async () => {
    const inputs = await here.fund('inside', [64n]);
    const own = (await here.post('/v1/mint/quote/bolt11', { amount: 50, unit: 'sat' })).json;
    const quote = await there.quote(String(own['request']));
    expect(quote).toMatchObject({ amount: 50, fee_reserve: 0 });
    const body = meltBody('inside', quote.quote, { inputs, keyset: await here.keyset() });
    expect((await there.post(MELT, body)).json).toMatchObject({
      state: 'PAID',
      change: [{ amount: 1 }, { amount: 4 }, { amount: 8 }],
    });
    const settled = (await here.get(`/v1/mint/quote/bolt11/${String(own['quote'])}`)).json;
    expect(settled).toMatchObject({ state: 'PAID', amount_paid: 50 });
    expect(await outgoing().countDocuments({ _id: meltOpId(body) })).toBe(0);
    const late = await here.post('/v1/melt/quote/bolt11', { request: own['request'], unit: 'sat' });
    expect(late.code).toBe(20006);
  });
});

describe('an unmodified wallet', () => {
  async function funded(sats: number): Promise<{ wallet: Wallet; proofs: Proof[] }> {
    const wallet = new Wallet(processes.mints[0]?.url ?? '', { unit: 'sat' });
    await wallet.loadMint();
    const quote = await wallet.createMintQuoteBolt11(sats);
    await until('the fake pays', async () =>
      (await wallet.checkMintQuoteBolt11(quote.quote)).state === 'PAID' ? true : undefined,
    );
    return { wallet, proofs: await wallet.mintProofsBolt11(sats, quote) };
  }
  const sum = (proofs: readonly Proof[]) => proofs.reduce((total, proof) => total + proof.amount.toBigInt(), 0n);

  it('pays, takes its change with proofs of what signed it, and spends it', async () => {
    const { wallet, proofs } = await funded(100);
    const quote = await wallet.createMeltQuoteBolt11(foreignRequest('unmodified', 50n));
    const { quote: paid, change } = await wallet.meltProofsBolt11(quote, proofs);
    expect([paid.state, sum(change)]).toEqual(['PAID', 48n]);
    const keyset = wallet.keyChain.getKeyset();
    expect(change.every((proof) => hasValidDleq(proof, keyset, { require: true }))).toBe(true);
    expect(sum((await wallet.send(10, change)).send)).toBe(10n);
    await expect(wallet.meltProofsBolt11(quote, proofs)).rejects.toMatchObject({ code: 20006 });
  });

  it('that does not want to wait finds its melt paid', async () => {
    const { wallet, proofs } = await funded(64);
    const quote = await wallet.createMeltQuoteBolt11(foreignRequest('impatient', 50n));
    const preview = await wallet.prepareMelt('bolt11', quote, proofs);
    const { quote: begun } = await wallet.completeMelt(preview, undefined, true);
    expect(begun.state).toBe('PENDING');
    expect(await paidChange(quote.quote)).toEqual([4, 8]);
  });
});

describe('two instances', () => {
  it(
    'a hundred melts of one quote at once: one is paid, the others find it pending or paid',
    { timeout: TEST_MS },
    async () => {
      const [inputs, keyset] = [await here.fund('many', Array<bigint>(100).fill(64n)), await here.keyset()];
      const { quote } = await here.quote(foreignRequest('many', 50n));
      const bodies = inputs.map((input, index) => meltBody(`many-${index}`, quote, { inputs: [input], keyset }));
      const answers = await Promise.all(bodies.map((body, index) => (index % 2 === 0 ? here : there).post(MELT, body)));
      const codes = answers.map(({ code }) => code);
      expect(codes.filter((code) => code === 200)).toHaveLength(1);
      expect(codes.every((code) => [200, 20005, 20006].includes(code))).toBe(true);
      const states = await statesOf(inputs);
      expect([
        states.filter((state) => state === 'SPENT').length,
        states.filter((state) => state === 'UNSPENT').length,
      ]).toEqual([1, 99]);
    },
  );

  it(
    'a hundred melts of one proof at once: one is paid, the others find it pending or spent',
    { timeout: TEST_MS },
    async () => {
      const [inputs, keyset] = [await here.fund('proof', [64n]), await here.keyset()];
      const quotes = await Promise.all(
        Array.from({ length: 100 }, (_, index) => here.quote(foreignRequest(`proof-${index}`, 50n))),
      );
      const bodies = quotes.map(({ quote }, index) => meltBody(`proof-${index}`, quote, { inputs, keyset }));
      const answers = await Promise.all(bodies.map((body, index) => (index % 2 === 0 ? here : there).post(MELT, body)));
      const codes = answers.map(({ code }) => code);
      expect(codes.filter((code) => code === 200)).toHaveLength(1);
      expect(codes.every((code) => [200, 11001, 11002].includes(code))).toBe(true);
      const states = await Promise.all(quotes.map(({ quote }) => there.stateOf(quote)));
      expect(states.filter((state) => state === 'PAID')).toHaveLength(1);
      expect(states.filter((state) => state === 'UNPAID')).toHaveLength(99);
    },
  );

  it(
    'the same melt a hundred times at once: paid once, and every answer is of one quote',
    { timeout: TEST_MS },
    async () => {
      const { body, opId, quote } = await prepared('same');
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? here : there).post(MELT, body)),
      );
      expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ json }) => json['quote']))).toEqual(new Set([quote]));
      expect((await there.post(MELT, body)).json).toMatchObject({ state: 'PAID' });
      expect(await outgoing().countDocuments({ _id: opId })).toBe(1);
    },
  );
});

describe('an instance that is killed', () => {
  it.each(KILL_AFTER_MS)(
    '%i ms into a melt leaves it paid once, with the change of the repeated request',
    { timeout: TEST_MS },
    async (ms) => {
      const { body, quote, inputs, opId } = await prepared(`killed-${ms}`);
      const killed = present(processes.mints[0], 'instance').process;
      const sent = here.post(MELT, body).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, ms));
      await killed.kill();
      await sent;
      const repeated = await there.post(MELT, body);
      expect(repeated.code).toBe(200);
      expect(await paidChange(quote)).toEqual([4, 8]);
      const [again, once] = [await there.post(MELT, body), await there.post(MELT, body)];
      expect(again.text).toBe(once.text);
      expect(await statesOf(inputs)).toEqual(['SPENT']);
      expect(await outgoing().countDocuments({ _id: { $in: [opId, `${opId}-2`] } })).toBe(1);
      await killed.restart();
    },
  );

  it('while the backend does not know leaves everything locked until it does', { timeout: TEST_MS }, async () => {
    const { body, quote, inputs, opId } = await prepared('unknown');
    const killed = present(processes.mints[0], 'instance').process;
    const sent = here.post(MELT, body).catch(() => undefined);
    await until('the backend was asked', async () => (await outgoing().findOne({ _id: opId })) ?? undefined);
    await outgoing().updateOne({ _id: opId }, { $set: { payAt: new Date('2100-01-01') } });
    await killed.kill();
    await sent;
    const ended = await operations().findOne({ _id: opId });
    expect(ended?.state).toBe('PENDING');
    for (let look = 0; look < 5; look += 1) {
      expect((await there.post(MELT, body)).json).toMatchObject({ state: 'PENDING' });
      expect(await statesOf(inputs)).toEqual(['PENDING']);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    await outgoing().updateOne({ _id: opId }, { $set: { payAt: new Date(0) } });
    expect(await paidChange(quote)).toEqual([4, 8]);
    await killed.restart();
  });
});
