import type { Clock } from '@assay/shared/kernel/clock';
import type { Melt, MeltIntent, PendingMelt } from '../src/domain/melt.ts';
import type { MeltQuote } from '../src/domain/melt-quote.ts';
import type { Melts, MeltQuotes } from '../src/melt-ports.ts';
import { type OperationStore, othersTurn, take } from './memory-operations.ts';

/** Passes the same contract as the melts in MongoDB. */
export function memoryMelts(store: OperationStore, clock: Clock): Melts {
  const live = (has: (melt: Melt) => boolean) =>
    [...store.melts.values()].find((melt) => melt.state !== 'FAILED' && has(melt));
  const pendingOf = (melt: PendingMelt) => {
    const stored = store.melts.get(melt.opId);
    return stored?.version === melt.version && stored.state === 'PENDING' ? stored : undefined;
  };
  return {
    find: async (opId) => store.melts.get(opId),
    findLive: async (meltQuoteId) => live((melt) => melt.meltQuoteId === meltQuoteId),
    findPayment: async (paymentKey) => live((melt) => melt.paymentKey === paymentKey),
    reserve: async (intent) => {
      await othersTurn();
      if (store.melts.has(intent.opId) || store.byId.has(intent.opId) || isHeld(store, intent)) return 'duplicate';
      lock(store, { ...intent, state: 'PENDING', attempt: 1, version: 1, updatedAt: clock.now() });
      return 'committed';
    },
    reserveAgain: async ({ opId, version, attempt }, intent) => {
      await othersTurn();
      if (store.melts.get(opId)?.version !== version || isHeld(store, intent)) return 'duplicate';
      const again = { attempt: attempt + 1, version: version + 1, updatedAt: clock.now() };
      lock(store, { ...intent, ...again, state: 'PENDING' });
      return 'committed';
    },
    commit: async (melt, uncommitted, preimage) => {
      await othersTurn();
      const stored = pendingOf(melt);
      if (stored === undefined) return false;
      const operation = { ...uncommitted, committedAt: clock.now() };
      unlock(store, stored);
      take(store, operation);
      const version = melt.version + 1;
      const committed = { ...stored, version, updatedAt: clock.now(), state: 'COMMITTED' as const, blanks: [] };
      store.melts.set(melt.opId, { ...committed, operation, preimage });
      return true;
    },
    release: async (melt) => {
      await othersTurn();
      const stored = pendingOf(melt);
      if (stored === undefined) return false;
      unlock(store, stored);
      const version = melt.version + 1;
      store.melts.set(melt.opId, { ...stored, version, updatedAt: clock.now(), state: 'FAILED', blanks: [] });
      return true;
    },
    listPending: async ({ before, after, limit }) =>
      [...store.melts.values()]
        .filter((melt) => melt.state === 'PENDING' && melt.updatedAt < before)
        .sort((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1))
        .filter((melt) => after === undefined || positionOf(melt) > positionOf(after))
        .slice(0, limit) as PendingMelt[],
  };
}

function positionOf({ updatedAt, opId }: Pick<Melt, 'updatedAt' | 'opId'>): string {
  return `${updatedAt} ${opId}`;
}

function isHeld(store: OperationStore, { inputs, blanks, meltQuoteId, paymentKey }: MeltIntent): boolean {
  const live = [...store.melts.values()].filter(({ state }) => state !== 'FAILED');
  return (
    inputs.some(({ y }) => store.spent.has(y)) ||
    blanks.some(({ b }) => store.signed.has(b)) ||
    live.some((melt) => melt.meltQuoteId === meltQuoteId || melt.paymentKey === paymentKey)
  );
}

function lock(store: OperationStore, melt: PendingMelt): void {
  store.melts.set(melt.opId, melt);
  for (const { y, witness } of melt.inputs) store.spent.set(y, { state: 'PENDING', witness });
  for (const { b } of melt.blanks) store.signed.set(b, { state: 'RESERVED' });
}

function unlock(store: OperationStore, { inputs, blanks }: Melt): void {
  for (const { y } of inputs) store.spent.delete(y);
  for (const { b } of blanks) store.signed.delete(b);
}

export interface MemoryMeltQuotes extends MeltQuotes {
  /** States that each quote was shown in, in their order. */
  readonly shown: Map<string, string[]>;
}

export function memoryMeltQuotes(): MemoryMeltQuotes {
  const byId = new Map<string, MeltQuote>();
  const shown = new Map<string, string[]>();
  const put = (quote: MeltQuote) => {
    byId.set(quote.quote, quote);
    shown.set(quote.quote, [...(shown.get(quote.quote) ?? []), quote.state]);
  };
  return {
    shown,
    find: async (quote) => byId.get(quote),
    findByIds: async (quotes) => [...byId.values()].filter(({ quote }) => quotes.includes(quote)),
    insert: async (quote) => put(quote),
    replace: async (next) => {
      await othersTurn();
      if (byId.get(next.quote)?.version !== next.version - 1) return false;
      put(next);
      return true;
    },
    listPending: async ({ before, limit }) =>
      [...byId.values()]
        .filter(({ state, updatedAt }) => state === 'PENDING' && updatedAt < before)
        .slice(0, limit)
        .map(({ quote }) => quote),
  };
}
