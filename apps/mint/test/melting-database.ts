import type { mongoStores } from '../src/adapters/mongo/stores.ts';
import { randomQuoteIds } from '../src/adapters/random/quote-ids.ts';
import type { IssuanceControl, Keysets, Signatory } from '../src/ports.ts';
import { AT_ONCE, BOLT11_RULES } from './memory-mint.ts';
import type { ScriptedPayments } from './scripted-payments.ts';

export type Stores = Awaited<ReturnType<typeof mongoStores>>;

export interface Machinery {
  readonly backend: ScriptedPayments;
  readonly keysets: Keysets;
  readonly signatory: Signatory;
  readonly control: IssuanceControl;
}

/** An instance that mints, swaps and melts in its stores; everything else of it is in memory. */
export function databaseMint(stores: Stores, { backend, keysets, signatory, control }: Machinery) {
  return {
    ...stores,
    ...{ keysets, signatory, control },
    ...{ quotes: stores.reader, quoteIds: randomQuoteIds(stores.clock), projection: { wake: () => undefined } },
    ...{ bolt11: { backend, rules: BOLT11_RULES }, deposits: undefined, meltRules: BOLT11_RULES },
    ...{ limits: { inputs: 1_000, outputs: 1_000 }, batchMax: 100, turns: AT_ONCE },
    patience: { waitFor: <T>(work: Promise<T>) => work.catch(() => undefined), leave: () => undefined },
  };
}

export type DatabaseMint = ReturnType<typeof databaseMint>;
