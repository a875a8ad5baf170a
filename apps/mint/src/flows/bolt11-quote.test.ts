import { amount } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Quote } from '../domain/quote.ts';
import { SAT_UNIT } from '../domain/unit.ts';
import { Crash } from '../../test/failpoints.ts';
import { aKeyset, memoryKeysets } from '../../test/memory-keys.ts';
import { type MemoryMint, memoryMint } from '../../test/memory-mint.ts';
import { payIncoming } from '../../test/memory-payments.ts';
import { createBolt11Quote } from './create-bolt11-quote.ts';
import { creditIncoming, creditPayment } from './credit-payment.ts';
import { findQuote } from './find-quote.ts';
import { sweepPayments } from './sweep-payments.ts';

const TERMS = { unit: 'sat', amount: amount(28n), pubkey: undefined, description: 'work' };
let mint: MemoryMint;

beforeEach(() => {
  mint = memoryMint();
});

async function created(): Promise<Quote> {
  const answer = await createBolt11Quote(mint.ports, TERMS);
  if (!answer.ok) throw new Error(answer.error.detail);
  return answer.value;
}

const credits = () => ({ quoteStore: mint.quotes, payable: mint.quotes, clock: mint.clock });
const sweep = () => {
  const { backend } = present(mint.ports.bolt11, 'bolt11');
  return sweepPayments({ ...credits(), backend, ageMaxMs: 7_200_000 }, undefined);
};
const stateOf = ({ naturalKey }: Quote) => {
  const { state, amountPaid, version } = mint.quotes.get(naturalKey);
  return { state, amountPaid, version };
};

describe('a bolt11 quote', () => {
  test('is unpaid, with what has to be paid until when', async () => {
    const quote = await created();
    expect(mint.quotes.get(`bolt11:${quote.quote}`)).toEqual(quote);
    expect(quote).toMatchObject({ state: 'UNPAID', unit: 'sat', amountRequested: 28n, amountPaid: 0n });
    expect(quote.request).toMatch(/^lnbc280n1/);
    expect(quote.expiry).toBe(mint.clock.now() + 3_600_000);
  });

  test('is not made without a backend', async () => {
    const answer = await createBolt11Quote({ ...mint.ports, bolt11: undefined }, TERMS);
    expect(answer).toMatchObject({ ok: false, error: { code: 'minting-disabled' } });
  });

  test('is not made once the active keyset is expired: what is paid could not be minted', async () => {
    const finalExpiryS = BigInt(mint.clock.now()) / 1_000n + 60n;
    const keysets = memoryKeysets([aKeyset({ name: 'short', unit: SAT_UNIT, finalExpiryS })]);
    expect(await createBolt11Quote({ ...mint.ports, keysets }, TERMS)).toMatchObject({ ok: true });
    mint.clock.advance(60_000);
    const answer = await createBolt11Quote({ ...mint.ports, keysets }, TERMS);
    expect(answer).toMatchObject({ ok: false, error: { code: 'unit-not-supported' } });
  });

  test('is paid once by one payment, however often it is seen', async () => {
    const quote = await created();
    const payment = { lookupId: quote.lookupId ?? '', paymentId: 'p', amount: amount(28n) };
    const outcomes = await Promise.all([creditIncoming(credits(), payment), creditIncoming(credits(), payment)]);
    expect(outcomes.sort()).toEqual(['paid', 'repeated']);
    expect(await creditIncoming(credits(), payment)).toBe('repeated');
    expect(stateOf(quote)).toEqual({ state: 'PAID', amountPaid: 28n, version: 2 });
    expect(mint.quotes.get(quote.naturalKey).payments).toEqual([{ id: 'bolt11:p', amount: 28n }]);
  });

  test('that is paid takes no other payment', async () => {
    const quote = await created();
    expect(await creditPayment(credits(), quote, { id: 'melt:op', amount: amount(28n) })).toBe('paid');
    const payment = { lookupId: quote.lookupId ?? '', paymentId: 'p', amount: amount(28n) };
    expect(await creditIncoming(credits(), payment)).toBe('refused');
    expect(stateOf(quote)).toEqual({ state: 'PAID', amountPaid: 28n, version: 2 });
  });

  test('is found paid by the sweep although another one cannot be asked about', async () => {
    const lost = await created();
    const others = await Promise.all(Array.from({ length: 20 }, () => created()));
    for (const { lookupId = '' } of others) payIncoming(mint.lightning, lookupId);
    const { backend } = present(mint.ports.bolt11, 'bolt11');
    const gone = new Error('no such request');
    const checkIncoming = (id: string) => (id === lost.lookupId ? Promise.reject(gone) : backend.checkIncoming(id));
    const ports = { ...credits(), backend: { ...backend, checkIncoming }, ageMaxMs: 7_200_000 };
    expect(await sweepPayments(ports, undefined)).toEqual({ next: undefined, faults: [gone] });
    expect(new Set(others.map((quote) => stateOf(quote).state))).toEqual(new Set(['PAID']));
  });

  test('is paid also after its expiry: the money is there', async () => {
    const quote = await created();
    mint.clock.advance(3_700_000);
    payIncoming(mint.lightning, quote.lookupId ?? '');
    await sweep();
    expect(stateOf(quote)).toMatchObject({ state: 'PAID' });
  });

  test('whose payment nobody told is found by asking', async () => {
    const [one, other] = [await created(), await created()];
    payIncoming(mint.lightning, other.lookupId ?? '');
    expect(await sweep()).toEqual({ next: undefined, faults: [] });
    expect([stateOf(one).state, stateOf(other).state]).toEqual(['UNPAID', 'PAID']);
  });

  test('is asked about when somebody looks at it, at most once a second', async () => {
    const quote = await created();
    const look = async () => {
      const found = await findQuote(mint.ports, 'bolt11', quote.quote);
      return found.ok ? found.value.state : found.error.code;
    };
    expect(await look()).toBe('UNPAID');
    payIncoming(mint.lightning, quote.lookupId ?? '');
    expect(await look()).toBe('UNPAID');
    mint.clock.advance(1_000);
    expect(await look()).toBe('PAID');
  });

  test('is asked about again also when the clock was set back', async () => {
    const quote = await created();
    const look = () => mint.ports.payments.check(quote.lookupId ?? '');
    expect([await look(), await look()]).toEqual([true, false]);
    mint.clock.advance(-3_600_000);
    expect(await look()).toBe(true);
  });

  test('is shown as it is stored while the backend is away', async () => {
    const quote = await created();
    const away = { check: async () => false };
    expect(await findQuote({ ...mint.ports, payments: away }, 'bolt11', quote.quote)).toEqual({
      ok: true,
      value: quote,
    });
  });

  test('that was never stored, as its maker ended in between, takes no payment and hinders none', async () => {
    const insert = async () => Promise.reject(new Crash('before insert'));
    const ports = { ...mint.ports, quoteStore: { ...mint.quotes, insert } };
    await expect(createBolt11Quote(ports, TERMS)).rejects.toThrow(Crash);
    const [orphan] = [...mint.lightning.requests.values()];
    const { lookupId } = present(orphan, 'request at the backend');
    payIncoming(mint.lightning, lookupId);
    const quote = await created();
    payIncoming(mint.lightning, quote.lookupId ?? '');
    expect(await creditIncoming(credits(), { lookupId, paymentId: lookupId, amount: amount(28n) })).toBe('unknown');
    await sweep();
    expect(stateOf(quote)).toMatchObject({ state: 'PAID' });
  });

  test('older than its life and a day is not asked about', async () => {
    const quote = await created();
    payIncoming(mint.lightning, quote.lookupId ?? '');
    mint.clock.advance(7_200_001);
    await sweep();
    expect(stateOf(quote)).toMatchObject({ state: 'UNPAID' });
  });
});
