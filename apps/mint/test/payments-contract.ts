import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { later } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { systemClock } from '@assay/shared/runtime/clock';
import { until } from '@assay/testkit/until';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeBolt11 } from '../src/adapters/payments/bolt11-text.ts';
import type { IncomingPayment, PaymentBackend } from '../src/payment-ports.ts';

const WHOLE = { partMsat: undefined, amountlessMsat: undefined };
let count = 0;

/** A request of somebody else's node; each has a payment hash of its own. */
export function foreignRequest(amountSat: bigint): { readonly request: string; readonly lookupId: string } {
  const paymentHash = sha256(utf8(`foreign ${(count += 1)} ${systemClock.now()}`));
  const said = { amountSat, createdAtS: 1_500_000_000n, expiryS: 60n, description: '', paymentSecret: paymentHash };
  const request = writeBolt11({ ...said, paymentHash }, sha256(utf8('a foreign node')));
  return { request, lookupId: toHex(paymentHash) };
}

export interface PaymentsUnderTest {
  /** Two instances of the mint, as two processes have them. */
  readonly backends: readonly [PaymentBackend, PaymentBackend];
  /** Somebody pays this request. */
  readonly pay: (lookupId: string) => void | Promise<void>;
}

/** What every payment backend must hold. */
export function paymentsContract(open: () => Promise<PaymentsUnderTest>): void {
  describe('a payment backend', () => {
    let one: PaymentBackend;
    let other: PaymentBackend;
    let pay: PaymentsUnderTest['pay'];
    beforeEach(async () => {
      const opened = await open();
      [[one, other], pay] = [opened.backends, opened.pay];
    });

    const asked = (quoteKey: string, asks = 28n) => ({
      ...{ quoteKey, amount: amount(asks), description: 'work' },
      expiry: later(systemClock.now(), 3_600_000),
    });
    const arrived = (backend: PaymentBackend, lookupId: string) =>
      until('the payment arrives', async () => (await backend.checkIncoming(lookupId))[0]);

    it('gives one request for one quote, at every instance and for ever', async () => {
      const first = await one.createIncoming(asked('bolt11:a'));
      const again = await Promise.all([
        other.createIncoming(asked('bolt11:a', 9n)),
        one.createIncoming(asked('bolt11:a')),
      ]);
      for (const repeated of again)
        expect(repeated).toMatchObject({ request: first.request, lookupId: first.lookupId });
      const another = await other.createIncoming(asked('bolt11:b'));
      expect([another.request === first.request, another.lookupId === first.lookupId]).toEqual([false, false]);
    });

    it('knows a payment under one id, at every instance', async () => {
      const { lookupId } = await one.createIncoming(asked('bolt11:a'));
      expect(await one.checkIncoming(lookupId)).toEqual([]);
      await pay(lookupId);
      const payment = await arrived(one, lookupId);
      expect(payment).toMatchObject({ lookupId, amount: 28n });
      expect(await other.checkIncoming(lookupId)).toEqual([payment]);
      expect(await other.checkIncoming('ab'.repeat(32))).toEqual([]);
    });

    it('tells a payment to whoever watches, until told to end', async () => {
      const ended = new AbortController();
      const told: IncomingPayment[][] = [[], []];
      const watching = [one, other].map(async (backend, at) => {
        for await (const payment of backend.watchIncoming(ended.signal)) told[at]?.push(payment);
      });
      const { lookupId } = await one.createIncoming(asked('bolt11:a'));
      await pay(lookupId);
      await until('both are told', async () => (told.every((payments) => payments.length > 0) ? true : undefined));
      ended.abort();
      await Promise.all(watching);
      for (const payments of told) expect(payments[0]).toMatchObject({ lookupId, amount: 28n });
    });

    it('quotes what paying takes', async () => {
      const { request, lookupId } = foreignRequest(100n);
      const terms = { amount: 100n, feeReserve: 2n, lookupId };
      expect(await one.quoteOutgoing(request, WHOLE)).toEqual({ ok: true, value: terms });
      expect(await one.quoteOutgoing(request.toUpperCase(), { ...WHOLE, partMsat: 10_001n })).toEqual({
        ok: true,
        value: { amount: 11n, feeReserve: 1n, lookupId },
      });
      expect(await one.quoteOutgoing(request, { ...WHOLE, partMsat: 100_001n })).toEqual({
        ok: false,
        error: 'amount-differs',
      });
      expect(await one.quoteOutgoing('lnbc1nothing', WHOLE)).toEqual({ ok: false, error: 'bad-request' });
    });

    it('quotes a request of its own without a fee, under the name that its quote has', async () => {
      const { request, lookupId } = await one.createIncoming(asked('bolt11:a'));
      const value = { amount: 28n, feeReserve: 0n, lookupId };
      expect(await other.quoteOutgoing(request, WHOLE)).toEqual({ ok: true, value });
    });

    it('pays once under one id, and says so when asked', async () => {
      const { request } = foreignRequest(10n);
      const payment = { opId: '0a'.repeat(32), request, amount: amount(10n), feeMax: amount(1n) };
      expect(await one.checkOutgoing(payment.opId)).toEqual({ is: 'NEVER_SEEN' });
      const paid = await Promise.all([one.payOutgoing(payment), other.payOutgoing(payment)]);
      for (const outcome of [...paid, await other.checkOutgoing(payment.opId), await one.payOutgoing(payment)]) {
        expect(outcome).toEqual({ is: 'PAID', preimage: '0'.repeat(64), fee: 1n });
      }
    });

    it('pays a request once, whoever asks', async () => {
      const { request } = foreignRequest(10n);
      const payment = { request, amount: amount(10n), feeMax: amount(1n) };
      expect(await one.payOutgoing({ ...payment, opId: '0b'.repeat(32) })).toMatchObject({ is: 'PAID' });
      const second = { ...payment, opId: '0c'.repeat(32) };
      expect([await other.payOutgoing(second), await one.checkOutgoing(second.opId)]).toEqual([
        { is: 'FAILED' },
        { is: 'FAILED' },
      ]);
    });

    it('pays parts of a request', async () => {
      const { request } = foreignRequest(10n);
      const part = { request, amount: amount(5n), feeMax: amount(1n) };
      expect(await one.payOutgoing({ ...part, opId: '0d'.repeat(32) })).toMatchObject({ is: 'PAID' });
      expect(await other.payOutgoing({ ...part, opId: '0e'.repeat(32) })).toMatchObject({ is: 'PAID' });
    });

    it('pays a request of its own, which arrives and is proven by its preimage', async () => {
      const { request, lookupId } = await one.createIncoming(asked('bolt11:a'));
      const paid = await other.payOutgoing({ opId: '0f'.repeat(32), request, amount: amount(28n), feeMax: amount(0n) });
      expect(paid).toMatchObject({ is: 'PAID', fee: 0n });
      if (paid.is === 'PAID') expect(toHex(sha256(fromHex(paid.preimage ?? '')))).toBe(lookupId);
      expect(await arrived(one, lookupId)).toMatchObject({ amount: 28n });
    });

    it('fails what it cannot read', async () => {
      const payment = { opId: '1a'.repeat(32), request: 'lnbc1nothing', amount: amount(1n), feeMax: amount(0n) };
      expect(await one.payOutgoing(payment)).toEqual({ is: 'FAILED' });
      expect(await other.checkOutgoing(payment.opId)).toEqual({ is: 'FAILED' });
    });
  });
}
