import { type Clock, isDue } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { changeFund, emptyFund, type Fund } from '../src/domain/fund.ts';
import type { FundedRequest } from '../src/domain/funded-quote.ts';
import type { Quote } from '../src/domain/quote.ts';
import { HASH_UNIT } from '../src/domain/unit.ts';
import type { FundedQuotePorts } from '../src/flows/create-funded-quote.ts';
import type { FundedQuotes, Funds } from '../src/fund-ports.ts';
import type { Quotes } from '../src/ports.ts';
import { KEYSET } from './committed-operations.ts';
import { memoryKeysets } from './memory-keys.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

/** A funds port in memory, before the same table as the one in MongoDB. */
export function memoryFunds(): Funds {
  const byUnit = new Map<string, Fund>();
  return {
    find: async (unit) => byUnit.get(unit) ?? emptyFund(unit),
    list: async () => [...byUnit.values()],
    change: async (unit, change) => {
      // As a server would: others have their turn between the request and its effect.
      await new Promise((resolve) => setImmediate(resolve));
      const step = changeFund(byUnit.get(unit) ?? emptyFund(unit), change);
      byUnit.set(unit, step.fund);
      return step.outcome;
    },
  };
}

/** A store that has the clock of the test. */
export function memoryStoredQuotes(clock: Clock): Quotes & FundedQuotes & { all(): readonly Quote[] } {
  const byKey = new Map<string, Quote>();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const insert = (quote: Quote) => {
    if (byKey.has(quote.naturalKey)) return 'exists';
    byKey.set(quote.naturalKey, quote);
    return 'inserted';
  };
  return {
    all: () => [...byKey.values()],
    storeTime: async () => clock.now(),
    insertBefore: async (quote, deadline) => {
      await turn();
      return isDue(deadline, clock.now()) ? 'late' : insert(quote);
    },
    find: async (key) => {
      await turn();
      return byKey.get(key);
    },
    insert: async (quote) => {
      await turn();
      return insert(quote);
    },
    replace: () => Promise.reject(new Error('not in tests of funds')),
  };
}

/** What funded quotes are made with, beside stores and clock. */
export function fundedRules(): Omit<FundedQuotePorts, 'quotes' | 'fundedQuotes' | 'funds' | 'clock'> {
  let made = 0;
  return {
    quoteIds: { next: () => `00000000-0000-7000-8000-${String((made += 1)).padStart(12, '0')}` },
    control: { level: () => 'NONE' },
    keysets: memoryKeysets([KEYSET]),
    fundedUnits: new Set([HASH_UNIT]),
    projection: { catchUp: async () => undefined },
  };
}

export function aReward(reference: string, value: bigint, changed: Partial<FundedRequest> = {}): FundedRequest {
  return { method: 'reward', reference, unit: HASH_UNIT, amount: value, pubkey: WALLET_KEY, ...changed };
}

export async function putIn(funds: Funds, grantId: string, value: bigint): Promise<void> {
  await funds.change(HASH_UNIT, { do: 'grant', grantId, amount: amount(value) });
}
