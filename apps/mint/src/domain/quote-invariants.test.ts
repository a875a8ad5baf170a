import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { describe, expect, it } from 'vitest';
import { unpaidQuote } from './bolt11-quote.ts';
import { issued, paidBy } from './quote.ts';
import { quoteBreaches } from './quote-invariants.ts';

const NOW = unixMs(1_795_227_413_000);
const ID = '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f';
const TERMS = { unit: 'sat', amount: amount(8n), pubkey: undefined, description: undefined };
const unpaid = unpaidQuote(
  TERMS,
  { quote: ID, expiry: NOW, trace: undefined },
  { request: 'lnbc1', lookupId: 'aa' },
  NOW,
);

describe('what is broken about a quote', () => {
  it('is told without the id by which anybody could mint it', () => {
    const paid = paidBy(unpaid, { id: 'bolt11:aa', amount: amount(8n) }, NOW);
    const broken = [
      { ...paid, amountIssued: amount(9n) },
      { ...paid, payments: [] },
      { ...paid, history: [] },
      { ...unpaid, amountPaid: amount(8n) },
      { ...paid, issueCount: 1 },
    ].flatMap((quote) => quoteBreaches(quote, []));
    expect(new Set(broken.map(({ invariant }) => invariant))).toEqual(new Set(['M1', 'M2', 'M5', 'M9']));
    expect(JSON.stringify(broken)).not.toContain(ID);
    expect(() => issued(paid, amount(9n), NOW)).toThrow(/^(?!.*0198f1c0)/s);
    expect(() => issued(unpaid, amount(0n), NOW)).toThrow(/^(?!.*0198f1c0)/s);
  });
});
