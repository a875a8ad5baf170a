import { FakeClock } from '@assay/testkit/fake-clock';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Crash, crashing, type Failpoints } from '../../test/failpoints.ts';
import { aReward, fundedRules, memoryFunds, memoryStoredQuotes, putIn } from '../../test/memory-funds.ts';
import { reservedIn } from '../domain/fund.ts';
import type { FundedRequest } from '../domain/funded-quote.ts';
import { HASH_UNIT, SAT_UNIT } from '../domain/unit.ts';
import { createFundedQuote, type FundedQuotePorts } from './create-funded-quote.ts';
import { sweepFunds } from './sweep-funds.ts';

function aMintWithFund() {
  const clock = new FakeClock();
  const quotes = memoryStoredQuotes(clock);
  const ports = { ...fundedRules(), quotes, fundedQuotes: quotes, funds: memoryFunds(), clock };
  return { ports, clock, fund: () => ports.funds.find(HASH_UNIT) };
}

describe('a funded quote', () => {
  test('is PAID from the fund, and the same request gets it again', async () => {
    const { ports, fund } = aMintWithFund();
    await putIn(ports.funds, 'g', 10n);
    const first = await createFundedQuote(ports, aReward('r-1', 7n));
    expect(first).toMatchObject({ ok: true, value: { state: 'PAID', amountPaid: 7n, naturalKey: 'reward:r-1' } });
    expect(await createFundedQuote(ports, aReward('r-1', 7n))).toEqual(first);
    expect(await fund()).toMatchObject({ credited: 10n, paid: 7n, pending: [] });
  });

  test.each([
    ['another amount', { amount: 8n }],
    ['another key', { pubkey: `03${'11'.repeat(32)}` }],
    ['another unit', { unit: SAT_UNIT }],
  ] as [string, Partial<FundedRequest>][])('of the same reference with %s is refused', async (_, changed) => {
    const { ports } = aMintWithFund();
    await putIn(ports.funds, 'g', 100n);
    await createFundedQuote(ports, aReward('r-1', 7n));
    expect(await createFundedQuote(ports, aReward('r-1', 7n, changed))).toEqual({
      ok: false,
      error: 'REFERENCE_REUSED',
    });
  });

  test.each([
    ['a unit without keyset', 'UNIT_UNKNOWN', { unit: SAT_UNIT }, new Set([HASH_UNIT])],
    ['a unit that no fund pays', 'UNIT_NOT_FUNDED', {}, new Set([SAT_UNIT])],
    ['nothing', 'AMOUNT_OUTSIDE_LIMIT', { amount: 0n }, new Set([HASH_UNIT])],
    ['more than 2^52', 'AMOUNT_OUTSIDE_LIMIT', { amount: 2n ** 52n + 1n }, new Set([HASH_UNIT])],
    ['more than int64', 'AMOUNT_OUTSIDE_LIMIT', { amount: 2n ** 64n - 1n }, new Set([HASH_UNIT])],
    ['a key off the curve', 'KEY_INVALID', { pubkey: `02${'ff'.repeat(32)}` }, new Set([HASH_UNIT])],
  ] as const)('of %s is FAILED (%s), finally', async (_, auditCode, changed, fundedUnits) => {
    const { ports } = aMintWithFund();
    await putIn(ports.funds, 'g', 10n);
    const request = aReward('r-1', 7n, changed);
    const failed = await createFundedQuote({ ...ports, fundedUnits }, request);
    expect(failed).toMatchObject({ ok: true, value: { state: 'FAILED', auditCode, amountPaid: 0n, payments: [] } });
    expect(await createFundedQuote(ports, request)).toEqual(failed);
    if (changed !== undefined && Object.keys(changed).length > 0) {
      expect(await createFundedQuote(ports, aReward('r-1', 7n))).toEqual({ ok: false, error: 'REFERENCE_REUSED' });
    }
  });

  test('waits for its fund: too low is not stored', async () => {
    const { ports } = aMintWithFund();
    expect(await createFundedQuote(ports, aReward('r-1', 7n))).toEqual({ ok: false, error: 'FUND_TOO_LOW' });
    await putIn(ports.funds, 'g', 7n);
    expect(await createFundedQuote(ports, aReward('r-1', 7n))).toMatchObject({ ok: true, value: { state: 'PAID' } });
  });

  test('counts what was taken in and is not in the fund yet', async () => {
    const { ports } = aMintWithFund();
    const projection = { catchUp: () => putIn(ports.funds, 'g', 7n) };
    expect((await createFundedQuote({ ...ports, projection }, aReward('r-1', 7n))).ok).toBe(true);
  });

  test('is not made while issuance is paused, but told where it is made', async () => {
    const { ports } = aMintWithFund();
    await putIn(ports.funds, 'g', 10n);
    const made = await createFundedQuote(ports, aReward('r-1', 1n));
    for (const level of ['ISSUANCE', 'ALL'] as const) {
      const paused = { ...ports, control: { level: () => level } };
      expect(await createFundedQuote(paused, aReward('r-1', 1n))).toEqual(made);
      expect(await createFundedQuote(paused, aReward('r-2', 1n))).toEqual({ ok: false, error: 'ISSUANCE_PAUSED' });
      expect(await createFundedQuote(paused, aReward('r-3', 0n))).toEqual({ ok: false, error: 'ISSUANCE_PAUSED' });
    }
    expect((await createFundedQuote(ports, aReward('r-3', 1n))).ok).toBe(true);
  });

  test('of a unit that may only not be heard of yet is not FAILED', async () => {
    const { ports } = aMintWithFund();
    const keysets = { ...ports.keysets, isFresh: () => false };
    expect(await createFundedQuote({ ...ports, keysets }, aReward('r-1', 1n, { unit: SAT_UNIT }))).toEqual({
      ok: false,
      error: 'DEPENDENCY_UNAVAILABLE',
    });
  });

  test.each(['storeTime', 'reserve', 'insertBefore', 'pay'] as const)(
    'whose maker stands still for eleven minutes at %s is paid by one reservation',
    async (call) => {
      const { ports, clock, fund } = aMintWithFund();
      await putIn(ports.funds, 'g', 7n);
      const standStill = standingStillAt(call, async () => {
        clock.advance(660_000);
        await sweepFunds(ports);
      });
      expect(await createFundedQuote(standStill(ports), aReward('r-1', 7n))).toMatchObject({ ok: true });
      await sweepFunds(ports);
      expect(await fund()).toMatchObject({ paid: 7n, pending: [] });
      expect(ports.quotes.all()).toMatchObject([{ state: 'PAID', amountPaid: 7n }]);
    },
  );

  test('that comes too late for its fund is not stored', async () => {
    const { ports, clock, fund } = aMintWithFund();
    await putIn(ports.funds, 'g', 7n);
    const standStill = standingStillAt('insertBefore', async () => {
      clock.advance(660_000);
      await sweepFunds(ports);
      await createFundedQuote(ports, aReward('r-2', 7n));
    });
    expect(await createFundedQuote(standStill(ports), aReward('r-1', 7n))).toEqual({
      ok: false,
      error: 'FUND_TOO_LOW',
    });
    expect(await fund()).toMatchObject({ paid: 7n, pending: [] });
    expect(ports.quotes.all()).toMatchObject([{ naturalKey: 'reward:r-2' }]);
  });
});

/** Ports of a process that does not run for a time, just before the first call of this name has its effect. */
function standingStillAt(call: string, meanwhile: () => Promise<void>) {
  let stood = false;
  const still = async (name: string) => {
    if (stood || name !== call) return;
    stood = true;
    await meanwhile();
  };
  return (ports: FundedQuotePorts): FundedQuotePorts => ({
    ...ports,
    funds: {
      ...ports.funds,
      change: async (unit, change) => {
        await still(change.do);
        return ports.funds.change(unit, change);
      },
    },
    fundedQuotes: {
      storeTime: async () => {
        const time = await ports.fundedQuotes.storeTime();
        await still('storeTime');
        return time;
      },
      insertBefore: async (quote, deadline) => {
        await still('insertBefore');
        return ports.fundedQuotes.insertBefore(quote, deadline);
      },
    },
  });
}

const REFERENCES = ['a', 'b', 'c', 'd'];
const step = fc.oneof(
  fc.record({
    do: fc.constant('create' as const),
    reference: fc.constantFrom(...REFERENCES),
    value: fc.bigInt(1n, 6n),
  }),
  fc.record({
    do: fc.constant('crash' as const),
    reference: fc.constantFrom(...REFERENCES),
    value: fc.bigInt(1n, 6n),
    at: fc.integer({ min: 1, max: 7 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  fc.record({ do: fc.constant('grant' as const), value: fc.bigInt(1n, 9n) }),
  fc.record({ do: fc.constant('sweep' as const), afterMs: fc.constantFrom(0, 600_000) }),
);

/** What one caller after the other would find, if nothing ever crashed. */
class Model {
  available = 0n;
  readonly quotes = new Map<string, bigint>();

  expected(reference: string, value: bigint): string {
    const stored = this.quotes.get(reference);
    if (stored !== undefined) return stored === value ? 'PAID' : 'REFERENCE_REUSED';
    if (this.available < value) return 'FUND_TOO_LOW';
    this.available -= value;
    this.quotes.set(reference, value);
    return 'PAID';
  }
}

function crashingPorts(ports: FundedQuotePorts, points: Failpoints): FundedQuotePorts {
  const { funds, quotes, fundedQuotes } = ports;
  return {
    ...ports,
    funds: crashing(funds, points),
    quotes: crashing(quotes, points),
    fundedQuotes: crashing(fundedQuotes, points),
  };
}

test('whatever crashes between, funded quotes are those of one caller after the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { ports, clock, fund } = aMintWithFund();
      const model = new Model();
      for (const [n, each] of steps.entries()) {
        if (each.do === 'grant') {
          await putIn(ports.funds, `g-${n}`, each.value);
          model.available += each.value;
        } else if (each.do === 'sweep') {
          clock.advance(each.afterMs);
          await sweepFunds(ports);
        } else if (each.do === 'crash') {
          const points = { calls: 0, at: each.at, when: each.when };
          const request = aReward(each.reference, each.value);
          const ended = await createFundedQuote(crashingPorts(ports, points), request).catch((error: unknown) => error);
          // Whether the quote was stored before the crash decides what the model takes it for.
          const stored = await ports.quotes.find(`reward:${each.reference}`);
          if (ended instanceof Crash && stored === undefined) await sweepAfterTenMinutes(ports, clock);
          else model.expected(each.reference, each.value);
        } else {
          const answer = await createFundedQuote(ports, aReward(each.reference, each.value));
          expect(answer.ok ? answer.value.state : answer.error).toBe(model.expected(each.reference, each.value));
        }
        const now = await fund();
        expect(now.paid + reservedIn(now)).toBeLessThanOrEqual(now.credited);
      }
      await sweepAfterTenMinutes(ports, clock);
      const end = await fund();
      expect(end.pending).toEqual([]);
      expect(end.paid).toBe([...model.quotes.values()].reduce((sum, value) => sum + value, 0n));
      expect(end.credited - end.paid).toBe(model.available);
    }),
    { numRuns: 200 },
  );
});

async function sweepAfterTenMinutes(ports: FundedQuotePorts, clock: FakeClock): Promise<void> {
  clock.advance(600_000);
  await sweepFunds(ports);
}
