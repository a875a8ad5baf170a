import { readFileSync } from 'node:fs';
import { unixMs } from '@assay/shared/kernel/clock';
import { describeMachine } from '@assay/shared/kernel/machine';
import { amount } from '@assay/shared/kernel/money';
import { describe, expect, it } from 'vitest';
import { anIntent, paidOperation } from '../../test/melts-contract.ts';
import { type CommittedMelt, MELT, type MeltEvent, type PendingMelt, paymentIdOf } from './melt.ts';
import { followMelt, lightningKey, MELT_QUOTE, type MeltQuoteEvent, unpaidMeltQuote } from './melt-quote.ts';
import { SAT_UNIT } from './unit.ts';

const NOW = unixMs(1_795_227_413_250);
const QUOTE_EVENTS: readonly MeltQuoteEvent[] = ['reserve', 'release', 'pay'];
const MELT_EVENTS: readonly MeltEvent[] = ['paid', 'failed', 'pay-again'];

const intent = anIntent('melt', ['a'], ['x']);
const pending: PendingMelt = { ...intent, state: 'PENDING', attempt: 1, version: 1, updatedAt: NOW };
const operation = { ...paidOperation(intent, []), committedAt: NOW };
const committed: CommittedMelt = { ...pending, state: 'COMMITTED', operation, preimage: 'cd'.repeat(32) };
const unpaid = unpaidMeltQuote(
  {
    ...{ quote: intent.meltQuoteId, method: 'bolt11', unit: SAT_UNIT, request: 'lnbc1', paysQuote: undefined },
    ...{ amount: amount(3n), feeReserve: amount(1n), paymentKey: 'bolt11:1', expiry: NOW },
  },
  NOW,
  undefined,
);

function golden(name: string): string {
  return readFileSync(new URL(`${name}.golden.txt`, import.meta.url), 'utf8');
}

describe('a melt quote', () => {
  it('moves only as its golden table says', () => {
    expect(`${describeMachine(MELT_QUOTE, QUOTE_EVENTS).join('\n')}\n`).toBe(golden('melt-quote'));
  });

  it('is shown PENDING before PAID, also when its melt was paid long ago', () => {
    const shown = followMelt(unpaid, committed, NOW);
    expect(shown).toMatchObject({ state: 'PENDING', version: 2 });
    const paid = shown && followMelt(shown, committed, NOW);
    expect(paid).toMatchObject({ state: 'PAID', version: 3, preimage: 'cd'.repeat(32) });
    expect(paid?.history.map(({ event }) => event)).toEqual(['created', 'reserve', 'pay']);
    expect(paid && followMelt(paid, committed, NOW)).toBeUndefined();
  });

  it('stays as it is while its melt is under way, and is unpaid again without one', () => {
    const shown = followMelt(unpaid, pending, NOW);
    expect(shown && followMelt(shown, pending, NOW)).toBeUndefined();
    expect(shown && followMelt(shown, undefined, NOW)).toMatchObject({ state: 'UNPAID', version: 3 });
    expect(followMelt(unpaid, undefined, NOW)).toBeUndefined();
  });

  it('shows a later time with every change, however the clock stands', () => {
    const shown = followMelt(unpaid, pending, unixMs(NOW - 5_000));
    expect(shown?.updatedAt).toBe(NOW + 1);
  });
});

describe('the operation of a melt', () => {
  it('moves only as its golden table says', () => {
    expect(`${describeMachine(MELT, MELT_EVENTS).join('\n')}\n`).toBe(golden('melt'));
  });

  it('pays each attempt under an id of its own, for a failure is final for an id', () => {
    expect(paymentIdOf(pending)).toBe(intent.opId);
    expect(paymentIdOf({ ...pending, attempt: 2 })).toBe(`${intent.opId}-2`);
  });

  it('of a part of a request is a payment of its own, of a whole one never', () => {
    expect(lightningKey('ff', undefined)).toBe('bolt11:ff');
    expect(lightningKey('ff', 'q-1')).not.toBe(lightningKey('ff', 'q-2'));
  });
});
