import { present } from '@assay/shared/kernel/assert';
import { amount } from '@assay/shared/kernel/money';
import { expect, test } from 'vitest';
import { spansOf } from '../../test/kept-spans.ts';
import { aReward, fundedRules, memoryFunds, memoryStoredQuotes, putIn } from '../../test/memory-funds.ts';
import { memoryMint } from '../../test/memory-mint.ts';
import { AUDITOR_KEYS, aBatch, aVerdict, POOLS } from '../../test/signed-facts.ts';
import { type Quote, ehashKey } from '../domain/quote.ts';
import { quoteHash } from '../domain/quote-id.ts';
import { createBolt11Quote } from './create-bolt11-quote.ts';
import { createFundedQuote } from './create-funded-quote.ts';
import { createQuote } from './create-quote.ts';
import { creditPayment } from './credit-payment.ts';
import { settleQuote } from './settle-quote.ts';

/** Attributes of the spans that end while `run` runs, by name. */
async function attributesOf(run: () => Promise<unknown>) {
  return (await spansOf(run)).map(({ name, attributes }) => [name, attributes]);
}

const settledAs = ({ method, unit, quote }: Quote) => {
  const attributes = { method, unit, state: 'PAID', quote: quoteHash(quote) };
  return [
    ['quote.pending-wait', attributes],
    ['mint.settle-quote', attributes],
  ];
};

test('the quote of a batch is told from others in every span, by a hash that nobody can mint with', async () => {
  const { ports, quotes, clock } = memoryMint();
  const batch = aBatch({ batchId: 'traced' });
  const earlyVerdicts = { comeNow: async () => undefined };
  const create = () => createQuote({ ...ports, quotes, earlyVerdicts, pools: POOLS }, batch);
  const created = await attributesOf(create);
  const quote = quotes.get(ehashKey('pool-1', 'traced'));
  const attributes = { method: 'ehash', unit: 'hash', quote: quoteHash(quote.quote) };
  expect(created).toEqual([['mint.create-quote', attributes]]);
  expect(await attributesOf(create)).toEqual([['mint.create-quote', attributes]]);
  const verdict = aVerdict({ batchId: 'traced', batchHash: present(quote.batchHash, 'batch hash') });
  const settle = () => settleQuote({ quotes, clock, auditorKeys: AUDITOR_KEYS }, verdict);
  expect(await attributesOf(settle)).toEqual(settledAs(quote));
});

test('so is a quote of Lightning', async () => {
  const { ports, quotes } = memoryMint();
  const terms = { unit: 'sat', amount: amount(28n), pubkey: undefined, description: undefined };
  let quote: Quote | undefined;
  const created = await attributesOf(async () => {
    const answer = await createBolt11Quote(ports, terms);
    if (answer.ok) quote = answer.value;
  });
  const unpaid = present(quote, 'quote');
  const attributes = { method: 'bolt11', unit: 'sat', quote: quoteHash(unpaid.quote) };
  expect(created).toEqual([['mint.create-quote', attributes]]);
  const pay = () => creditPayment({ ...ports, quoteStore: quotes }, unpaid, { id: 'bolt11:p-1', amount: amount(28n) });
  expect(await attributesOf(pay)).toEqual(settledAs(unpaid));
});

test('so is a quote that a fund pays, and one that it is too low for has nothing to be told by', async () => {
  const { clock } = memoryMint();
  const quotes = memoryStoredQuotes(clock);
  const ports = { ...fundedRules(), quotes, fundedQuotes: quotes, funds: memoryFunds(), clock };
  const create = () => createFundedQuote(ports, aReward('r-1', 7n));
  const made = { method: 'reward', unit: 'hash' };
  expect(await attributesOf(create)).toEqual([['mint.create-quote', { ...made, outcome: 'FUND_TOO_LOW' }]]);
  await putIn(ports.funds, 'g', 7n);
  const created = await attributesOf(create);
  const quote = quoteHash(present(quotes.all()[0], 'quote').quote);
  expect(created).toEqual([['mint.create-quote', { ...made, outcome: 'PAID', quote }]]);
});
