import type { Clock } from '@assay/shared/kernel/clock';
import type { MeltIntent, PendingMelt } from '../domain/melt.ts';
import type { OperationInput } from '../domain/operation.ts';
import type { Change, ObservedProof } from '../domain/subscriptions/observed.ts';
import { FINAL_VERSION } from '../domain/subscriptions/delivery.ts';
import type { Quote } from '../domain/quote.ts';
import type { MeltQuotes, Melts } from '../melt-ports.ts';
import type { CommitOutcome, Operations, Quotes } from '../ports.ts';
import type { ChangeNotes } from '../subscription-ports.ts';

type Tell = Pick<ChangeNotes, 'tell'>;

/** Quotes whose every committed change is told. A new one has no subscribers: nobody knows its id yet. */
export function announcedQuotes(quotes: Quotes, notes: Tell): Quotes {
  return {
    ...quotes,
    replace: async (next) => {
      const isStored = await quotes.replace(next);
      if (isStored) notes.tell([quoteChange(next)]);
      return isStored;
    },
  };
}

/** Operations whose inputs are told to be spent when they are. */
export function announcedOperations(operations: Operations, notes: Tell): Operations {
  return {
    ...operations,
    commit: async (operation) => {
      const outcome = await operations.commit(operation);
      if (outcome === 'committed') notes.tell(proofChanges(operation, 'SPENT', FINAL_VERSION));
      return outcome;
    },
  };
}

/** Melt quotes whose every committed change is told. */
export function announcedMeltQuotes(quotes: MeltQuotes, notes: Tell): MeltQuotes {
  return {
    ...quotes,
    replace: async (next) => {
      const isStored = await quotes.replace(next);
      if (isStored) notes.tell([{ observed: { is: 'melt-quote', quote: next }, version: next.version }]);
      return isStored;
    },
  };
}

/** Melts whose inputs are told to be locked, free again or spent. */
export function announcedMelts(melts: Melts, notes: Tell, clock: Clock): Melts {
  const stamp = growingStamps(clock);
  const locked = (intent: MeltIntent, outcome: CommitOutcome) => {
    if (outcome === 'committed') notes.tell(proofChanges(intent, 'PENDING', stamp()));
    return outcome;
  };
  const ended = (melt: PendingMelt, isMine: boolean, state: 'SPENT' | 'UNSPENT', version: number) => {
    if (isMine) notes.tell(proofChanges(melt, state, version));
    return isMine;
  };
  return {
    ...melts,
    reserve: async (intent) => locked(intent, await melts.reserve(intent)),
    reserveAgain: async (melt, intent) => locked(intent, await melts.reserveAgain(melt, intent)),
    commit: async (melt, operation, preimage) =>
      ended(melt, await melts.commit(melt, operation, preimage), 'SPENT', FINAL_VERSION),
    release: async (melt) => ended(melt, await melts.release(melt), 'UNSPENT', stamp()),
  };
}

/** Times in ms, each greater than the one before: what locks and frees a proof is ordered by nothing else. */
function growingStamps(clock: Clock): () => number {
  let last = 0;
  return () => (last = Math.max(last + 1, clock.now()));
}

function quoteChange(quote: Quote): Change {
  return { observed: { is: 'mint-quote', quote }, version: quote.version };
}

function proofChanges(
  { inputs }: { readonly inputs: readonly OperationInput[] },
  state: ObservedProof['state'],
  version: number,
): readonly Change[] {
  return inputs.map(({ y, witness }) => {
    const proof = { y, state, witness: state === 'UNSPENT' ? undefined : witness };
    return { observed: { is: 'proof', proof }, version };
  });
}
