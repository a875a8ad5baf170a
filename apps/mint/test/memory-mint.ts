import { amount } from '@assay/shared/kernel/money';
import { FakeClock } from '@assay/testkit/fake-clock';
import type { IssuanceLevel } from '../src/domain/issuance-level.ts';
import type { Keyset } from '../src/domain/keyset.ts';
import { pendingQuote, type Quote } from '../src/domain/quote.ts';
import type { IssuePorts } from '../src/flows/issue-tokens.ts';
import type { LookupPorts } from '../src/flows/lookup-quotes.ts';
import type { SwapPorts } from '../src/flows/swap.ts';
import { aKeyset, memoryKeysets, memorySignatory } from './memory-keys.ts';
import { memoryOperations, operationStore, type OperationStore } from './memory-operations.ts';
import { memoryQuotes } from './memory-quotes.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

export const QUOTE_ID = '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f';
export const MINT_KEY = `03${'ab'.repeat(32)}`;

export interface MemoryMint {
  readonly ports: SwapPorts & IssuePorts & LookupPorts;
  readonly store: OperationStore;
  readonly quotes: ReturnType<typeof memoryQuotes>;
  readonly clock: FakeClock;
  readonly keyset: Keyset;
  pause(level: IssuanceLevel): void;
}

/** A mint whose ports are in memory, with a PAID quote of `paid`. */
export function memoryMint({ paid = 8n, keysets = [] as readonly Keyset[] } = {}): MemoryMint {
  const clock = new FakeClock();
  const store = operationStore();
  const quotes = memoryQuotes(store, clock);
  const keyset = aKeyset({ name: 'active' });
  const known = memoryKeysets([keyset, ...keysets]);
  let level: IssuanceLevel = 'NONE';
  quotes.put(paidQuote(paid));
  const ports = {
    operations: memoryOperations(store, clock),
    quotes,
    clock,
    keysets: known,
    signatory: memorySignatory(known),
    control: { level: () => level },
    projection: { wake: () => undefined },
    limits: { inputs: 1_000, outputs: 1_000 },
    lookup: { isEnabled: true, takesLegacy: true, mintPubkey: MINT_KEY },
  };
  return { ports, store, quotes, clock, keyset, pause: (to) => void (level = to) };
}

/** Asked for 28, as the batch of A7. */
export function paidQuote(paid: bigint, { batchId = 'b-0001', quote = QUOTE_ID } = {}): Quote {
  const pending = pendingQuote(
    { poolId: 'pool-1', batchId, lockingKey: WALLET_KEY, batchHash: '00'.repeat(32), creditSum: 28n },
    { quote, now: new FakeClock().now(), trace: undefined },
  );
  return { ...pending, state: 'PAID', amountPaid: amount(paid), auditCode: paid === 28n ? 'OK' : 'OK_PARTIAL' };
}
