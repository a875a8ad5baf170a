import { amount } from '@assay/shared/kernel/money';
import { utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { FakeClock } from '@assay/testkit/fake-clock';
import type { IssuanceLevel } from '../src/domain/issuance-level.ts';
import type { Keyset } from '../src/domain/keyset.ts';
import { uuidV7 } from '../src/domain/quote-id.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { pendingQuote, type Quote } from '../src/domain/quote.ts';
import type { CreateBolt11Ports } from '../src/flows/create-bolt11-quote.ts';
import { paymentChecks, type PaymentChecks } from '../src/flows/payment-checks.ts';
import type { IssuePorts } from '../src/flows/issue-tokens.ts';
import type { LookupPorts } from '../src/flows/lookup-quotes.ts';
import type { SwapPorts } from '../src/flows/swap.ts';
import type { Turns } from '../src/turn-ports.ts';
import { aKeyset, memoryKeysets, memorySignatory } from './memory-keys.ts';
import { memoryOperations, operationStore, type OperationStore } from './memory-operations.ts';
import { memoryPayments, paymentStore, type PaymentStore } from './memory-payments.ts';
import { memoryQuotes } from './memory-quotes.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

export const QUOTE_ID = '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f';
export const MINT_KEY = `03${'ab'.repeat(32)}`;

export const BOLT11_RULES = {
  ...{ amountMin: amount(1n), amountMax: amount(1_000_000n), requiresPubkey: false, ttlMs: 3_600_000 },
};

/** Nobody else has anything to do. */
export const AT_ONCE: Turns = { next: () => Promise.resolve() };

export interface MemoryMint {
  readonly ports: SwapPorts & IssuePorts & LookupPorts & CreateBolt11Ports & { readonly payments: PaymentChecks };
  readonly store: OperationStore;
  readonly quotes: ReturnType<typeof memoryQuotes>;
  readonly clock: FakeClock;
  readonly keyset: Keyset;
  /** Of unit sat. */
  readonly satKeyset: Keyset;
  /** What is paid on Lightning. */
  readonly lightning: PaymentStore;
  pause(level: IssuanceLevel): void;
}

/** A mint whose ports are in memory, with a PAID quote of `paid`. */
export function memoryMint({ paid = 8n, keysets = [] as readonly Keyset[] } = {}): MemoryMint {
  const clock = new FakeClock();
  const store = operationStore();
  const quotes = memoryQuotes(store, clock);
  const keyset = aKeyset({ name: 'active' });
  const satKeyset = aKeyset({ name: 'sat', unit: SAT_UNIT });
  const known = memoryKeysets([keyset, satKeyset, ...keysets]);
  const lightning = paymentStore();
  const backend = memoryPayments(lightning, clock);
  let quoteCount = 0;
  let level: IssuanceLevel = 'NONE';
  quotes.put(paidQuote(paid));
  const ports = {
    operations: memoryOperations(store, clock),
    quotes,
    clock,
    keysets: known,
    signatory: memorySignatory(known),
    control: { level: () => level },
    ...{ quoteStore: quotes, payable: quotes },
    quoteIds: { next: () => uuidV7(clock.now(), sha256(utf8(`quote ${(quoteCount += 1)}`)).subarray(0, 10)) },
    bolt11: { backend, rules: BOLT11_RULES },
    payments: paymentChecks({ quoteStore: quotes, payable: quotes, clock }, backend),
    projection: { wake: () => undefined },
    limits: { inputs: 1_000, outputs: 1_000 },
    turns: AT_ONCE,
    batchMax: 100,
    lookup: { isEnabled: true, takesLegacy: true, mintPubkey: MINT_KEY },
  };
  return { ports, store, quotes, clock, keyset, satKeyset, lightning, pause: (to) => void (level = to) };
}

/** Asked for 28, as the batch of A7. */
export function paidQuote(paid: bigint, { batchId = 'b-0001', quote = QUOTE_ID } = {}): Quote {
  const pending = pendingQuote(
    { poolId: 'pool-1', batchId, lockingKey: WALLET_KEY, batchHash: '00'.repeat(32), creditSum: 28n },
    { quote, now: new FakeClock().now(), trace: undefined },
  );
  return { ...pending, state: 'PAID', amountPaid: amount(paid), auditCode: paid === 28n ? 'OK' : 'OK_PARTIAL' };
}
