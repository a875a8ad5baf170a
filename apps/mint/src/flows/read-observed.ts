import { type Observed } from '../domain/subscriptions/observed.ts';
import { KINDS, type SubscriptionKind } from '../domain/subscriptions/kinds.ts';
import type { MeltMethod, PointHex } from '../domain/operation.ts';
import type { QuoteMethod } from '../domain/quote.ts';
import type { MeltQuotes } from '../melt-ports.ts';
import type { Operations, QuoteReader } from '../ports.ts';
import { checkState } from './check-state.ts';

export interface ObservePorts {
  readonly quotes: Pick<QuoteReader, 'findByIds'>;
  readonly meltQuotes: Pick<MeltQuotes, 'findByIds'>;
  readonly operations: Pick<Operations, 'findSpent'>;
}

/**
 * What the filters of one kind name, now; a quote that does not exist, or is of another method, is left out.
 * @param filters as `decideSubscribe` spells them
 */
export async function readObserved(
  ports: ObservePorts,
  kind: SubscriptionKind,
  filters: readonly string[],
): Promise<readonly Observed[]> {
  const meaning = KINDS[kind];
  switch (meaning.of) {
    case 'mint-quotes':
      return readQuotes(ports, meaning.method, filters);
    case 'melt-quotes':
      return readMeltQuotes(ports, meaning.method, filters);
    case 'proofs':
      return readProofs(ports, filters as readonly PointHex[]);
  }
}

async function readQuotes(
  { quotes }: ObservePorts,
  method: QuoteMethod,
  ids: readonly string[],
): Promise<readonly Observed[]> {
  const found = await quotes.findByIds(ids);
  return found.filter((quote) => quote.method === method).map((quote) => ({ is: 'mint-quote', quote }));
}

async function readMeltQuotes(
  { meltQuotes }: ObservePorts,
  method: MeltMethod,
  ids: readonly string[],
): Promise<readonly Observed[]> {
  const found = await meltQuotes.findByIds(ids);
  return found.filter((quote) => quote.method === method).map((quote) => ({ is: 'melt-quote', quote }));
}

async function readProofs(ports: ObservePorts, ys: readonly PointHex[]): Promise<readonly Observed[]> {
  const states = await checkState(ports, ys);
  return states.map((proof) => ({ is: 'proof', proof }));
}
