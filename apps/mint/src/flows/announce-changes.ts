import type { Operation } from '../domain/operation.ts';
import type { Change, ObservedProof } from '../domain/subscriptions/observed.ts';
import { FINAL_VERSION } from '../domain/subscriptions/delivery.ts';
import type { Quote } from '../domain/quote.ts';
import type { ChangeNotes, Operations, Quotes } from '../ports.ts';

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
      if (outcome === 'committed') notes.tell(spentChanges(operation));
      return outcome;
    },
  };
}

function quoteChange(quote: Quote): Change {
  return { observed: { is: 'mint-quote', quote }, version: quote.version };
}

function spentChanges({ inputs }: Pick<Operation, 'inputs'>): readonly Change[] {
  return inputs.map(({ y, witness }) => proofChange({ y, state: 'SPENT', witness }, FINAL_VERSION));
}

function proofChange(proof: ObservedProof, version: number): Change {
  return { observed: { is: 'proof', proof }, version };
}
