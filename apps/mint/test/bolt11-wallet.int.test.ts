import { hasValidDleq, type Proof, Wallet } from '@cashu/cashu-ts';
import { present } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QuoteDocument } from '../src/adapters/mongo/quote-document.ts';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';
import { blind, WALLET_KEY, WALLET_SECRET } from './wallet-secrets.ts';

// An unmodified wallet before two instances whose Lightning is fake.

const RESTART_MS = 90_000;

let processes: MintProcesses;
beforeAll(async () => {
  processes = await startMintProcesses(2, { MINT_BOLT11_BACKEND: 'fake', MINT_FAKE_PAY_DELAY_MS: '200' });
});
afterAll(() => processes.stop());

async function wallet(index = 0): Promise<Wallet> {
  const loaded = new Wallet(processes.mints[index]?.url ?? '', { unit: 'sat' });
  await loaded.loadMint();
  return loaded;
}

const privkey = toHex(WALLET_SECRET);
const sum = (proofs: readonly Proof[]) => proofs.reduce((total, proof) => total + proof.amount.toBigInt(), 0n);
const isPaid = (of: Wallet, quote: string) =>
  until('the quote is paid', async () => ((await of.checkMintQuoteBolt11(quote)).state === 'PAID' ? true : undefined));
const stored = () => processes.database.db.collection<QuoteDocument>('quotes');

async function post(path: string, body: unknown, index = 0): Promise<{ code: number; json: unknown }> {
  const response = await fetch(`${processes.mints[index]?.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  const json: unknown = await response.json();
  return { code: (json as { code?: number }).code ?? 200, json };
}

describe('an unmodified wallet', () => {
  test('asks at one instance, is paid for by nobody, and mints and proves the ecash at the other', async () => {
    const [here, there] = [await wallet(0), await wallet(1)];
    const quote = await here.createMintQuoteBolt11(1_337, 'for work');
    expect(quote).toMatchObject({ state: 'UNPAID', unit: 'sat', method: 'bolt11' });
    expect(quote.request).toMatch(/^lnbc13370n1/);
    await isPaid(there, quote.quote);
    const proofs = await there.mintProofsBolt11(1_337, quote.quote);
    expect(sum(proofs)).toBe(1_337n);
    const keyset = there.keyChain.getKeyset();
    expect(proofs.every((proof) => hasValidDleq(proof, keyset, { require: true }))).toBe(true);
    await expect(here.mintProofsBolt11(1_337, quote.quote)).rejects.toMatchObject({ code: 20_002 });
  });

  test('mints a locked quote with its key, and nobody else does', async () => {
    const own = await wallet();
    const quote = await own.createLockedMintQuote(64, WALLET_KEY);
    await isPaid(own, quote.quote);
    await expect(own.mintProofsBolt11(64, quote.quote)).rejects.toMatchObject({ code: 20_008 });
    const locked = { ...quote, pubkey: WALLET_KEY };
    expect(sum(await own.mintProofsBolt11(64, locked, { privkey }))).toBe(64n);
  });

  test('mints several quotes at once', async () => {
    const own = await wallet();
    const quotes = [await own.createMintQuoteBolt11(5), await own.createMintQuoteBolt11(9)];
    for (const { quote } of quotes) await isPaid(own, quote);
    const preview = await own.prepareBatchMint(
      'bolt11',
      quotes.map((quote) => ({ quote, amount: quote.amount })),
    );
    expect(sum(await own.completeBatchMint(preview))).toBe(14n);
    const ids = quotes.map(({ quote }) => quote);
    await until('the quotes follow their operation', async () => {
      const { json } = await post('/v1/mint/quote/bolt11/check', { quotes: ids });
      const states = (json as { quote: string; state: string }[]).map(({ quote, state }) => [quote, state]);
      return states.every(([quote, state], at) => quote === ids[at] && state === 'ISSUED') ? true : undefined;
    });
  });
});

test('both instances see every payment, and each quote is paid by one', async () => {
  const own = await wallet();
  const quotes = await Promise.all(Array.from({ length: 40 }, () => own.createMintQuoteBolt11(3)));
  const ids = quotes.map(({ quote }) => quote);
  await until('all are paid', async () => {
    const paid = await stored().countDocuments({ quote: { $in: ids }, state: 'PAID' });
    return paid === ids.length ? true : undefined;
  });
  const once = { quote: { $in: ids }, version: 2, amountPaid: 3n, payments: { $size: 1 } };
  expect(await stored().countDocuments(once)).toBe(ids.length);
});

test(
  'quotes whose instance was killed are paid by the other, and minted at the first when it is back',
  async () => {
    const own = await wallet(0);
    const quotes = await Promise.all(Array.from({ length: 20 }, () => own.createMintQuoteBolt11(1)));
    const { process } = present(processes.mints[0], 'the first instance');
    await process.kill();
    const ids = quotes.map(({ quote }) => quote);
    await until('all are paid', async () => {
      const paid = await stored().countDocuments({ quote: { $in: ids }, state: 'PAID', amountPaid: 1n, version: 2 });
      return paid === ids.length ? true : undefined;
    });
    await process.restart();
    expect(sum(await own.mintProofsBolt11(1, ids[0] ?? ''))).toBe(1n);
  },
  RESTART_MS,
);

describe('a hundred requests at once, at two instances', () => {
  /** Quotes of 8 that are paid. */
  const paidQuotes = async (count: number) => {
    const own = await wallet();
    const quotes = await Promise.all(Array.from({ length: count }, () => own.createMintQuoteBolt11(8)));
    for (const { quote } of quotes) await isPaid(own, quote);
    return quotes.map(({ quote }) => quote);
  };
  const outputOf = async (name: string, value: bigint) => {
    const { output } = blind(name, value, { id: (await wallet()).keyChain.getKeyset().id });
    return { amount: Number(value), id: output.keyset, B_: output.b };
  };
  const countsOf = (answers: readonly { code: number }[]) => {
    const codes = answers.map(({ code }) => code);
    return Object.fromEntries(codes.map((code) => [code, codes.filter((other) => other === code).length]));
  };

  test('for one quote mint it once, the others find it issued', async () => {
    const [quote] = await paidQuotes(1);
    const outputs = await Promise.all(Array.from({ length: 100 }, (_, at) => outputOf(`rival ${at}`, 8n)));
    const asked = outputs.map((output, at) => post('/v1/mint/bolt11', { quote, outputs: [output] }, at % 2));
    expect(countsOf(await Promise.all(asked))).toEqual({ 200: 1, 20_002: 99 });
  });

  test('for one output of a hundred quotes sign it once, the others find it signed', async () => {
    const quotes = await paidQuotes(100);
    const outputs = [await outputOf('wanted by a hundred', 8n)];
    const asked = quotes.map((quote, at) => post('/v1/mint/bolt11', { quote, outputs }, at % 2));
    expect(countsOf(await Promise.all(asked))).toEqual({ 200: 1, 11_003: 99 });
  });

  test('for batches that share a quote mint one batch whole', async () => {
    const [shared, ...own] = await paidQuotes(21);
    const outputs = await Promise.all(own.map((_, at) => outputOf(`batch ${at}`, 16n)));
    const asked = own.map((quote, at) =>
      post('/v1/mint/bolt11/batch', { quotes: [quote, shared], outputs: [outputs[at]] }, at % 2),
    );
    expect(countsOf(await Promise.all(asked))).toEqual({ 200: 1, 20_002: 19 });
    await until('counters follow', async () => {
      const issued = await stored().countDocuments({ state: 'ISSUED', amountIssued: 8n, quote: { $in: own } });
      return issued === 1 ? true : undefined;
    });
  });
});

test.each([
  ['no amount', { unit: 'sat' }, 51_000],
  ['nothing', { unit: 'sat', amount: 0 }, 11_006],
  ['more than the most', { unit: 'sat', amount: 1_000_001 }, 11_006],
  ['another unit', { unit: 'hash', amount: 1 }, 11_013],
  ['a key that is no point', { unit: 'sat', amount: 1, pubkey: `02${'ff'.repeat(32)}` }, 51_000],
])('%s is refused', async (_, body, code) => {
  expect(await post('/v1/mint/quote/bolt11', body)).toMatchObject({ code });
});

test('what wallets leave empty is as if they left it out', async () => {
  const body = { unit: 'SAT', amount: 1, pubkey: null, description: '', more: [] };
  expect(await post('/v1/mint/quote/bolt11', body)).toMatchObject({
    code: 200,
    json: { state: 'UNPAID', pubkey: null },
  });
});

test.each(['ehash', 'reward', 'escrow', 'nothing'])('nobody makes a quote of %s over HTTP', async (method) => {
  expect(await post(`/v1/mint/quote/${method}`, { unit: 'sat', amount: 1 })).toMatchObject({ code: 20_003 });
});

test('the mint says that its Lightning is fake', async () => {
  const info: unknown = await (await fetch(`${processes.mints[0]?.url}/v1/info`)).json();
  expect(info).toMatchObject({ name: 'Assay mint (FAKE LIGHTNING, NO VALUE)' });
});
