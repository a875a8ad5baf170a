import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { type Broken, cutBreaches, type HeardKeysets, operationBreaches } from '../domain/invariants.ts';
import { quoteBreaches } from '../domain/quote-invariants.ts';
import { EMPTY_SUPPLY, type Supply, withOperations } from '../domain/supply.ts';
import type { Keysets, SupplyCut, SupplyHistory } from '../ports.ts';
import type { StoredOperation, StoredStates } from '../recount-ports.ts';

export interface WalkPorts {
  readonly states: StoredStates;
  readonly history: Pick<SupplyHistory, 'cutBefore'>;
  readonly keysets: Pick<Keysets, 'all'>;
  readonly clock: Clock;
}

/** A walk through all quotes, then all operations, that several calls go on with. */
export interface Walk {
  stage: 'quotes' | 'operations';
  /** The last document that was looked at. */
  at: string;
  /** Newest when the walk began: operations that are older never change. */
  cut: SupplyCut | undefined;
  /** Of the operations so far that are older than the cut. */
  sums: Supply;
  /** Broken in this walk, and in the last one that came to its end: it stands until a whole walk does not find it. */
  found: Broken[];
  standing: readonly Broken[];
}

const FOUND_MAX = 20;

export function newWalk(): Walk {
  return { stage: 'quotes', at: '', cut: undefined, sums: EMPTY_SUPPLY, found: [], standing: [] };
}

/** Walks on until the end or until the time is up, a page at least; returns what was found broken and stands. */
export async function walkOn(ports: WalkPorts, walk: Walk, ms: number): Promise<readonly Broken[]> {
  const endsAt = ports.clock.now() + ms;
  let goesOn = ms > 0;
  while (goesOn) {
    const isAtEnd = walk.stage === 'quotes' ? await walkQuotes(ports, walk) : await walkOperations(ports, walk);
    goesOn = !isAtEnd && ports.clock.now() < endsAt;
  }
  return [...walk.standing, ...walk.found];
}

async function walkQuotes({ states, history, clock }: WalkPorts, walk: Walk): Promise<false> {
  if (walk.at === '') walk.cut = await history.cutBefore(clock.now());
  const page = await states.quotesAfter(walk.at);
  keep(
    walk,
    page.flatMap(({ quote, steps }) => quoteBreaches(quote, steps)),
  );
  walk.at = page.at(-1)?.quote.naturalKey ?? '';
  if (page.length === 0) walk.stage = 'operations';
  return false;
}

async function walkOperations({ states, keysets, clock }: WalkPorts, walk: Walk): Promise<boolean> {
  const page = await states.operationsAfter(walk.at);
  const heard = { byId: new Map(keysets.all().map((each) => [each.id, each])), at: clock.now() };
  keep(
    walk,
    page.flatMap((stored) => storedBreaches(stored, heard)),
  );
  const operations = page.map(({ operation }) => operation);
  walk.sums = withOperations(walk.sums, olderThan(walk.cut?.at, operations));
  walk.at = page.at(-1)?.operation.opId ?? '';
  if (page.length === 0) endWalk(walk);
  return page.length === 0;
}

function endWalk(walk: Walk): void {
  keep(walk, walk.cut === undefined ? [] : cutBreaches(walk.cut.supply, walk.sums));
  Object.assign(walk, { ...newWalk(), standing: walk.found });
}

function olderThan<T extends { readonly committedAt: UnixMs }>(at: UnixMs | undefined, operations: readonly T[]): T[] {
  return at === undefined ? [] : operations.filter(({ committedAt }) => committedAt < at);
}

function storedBreaches(
  { operation, indexed, hasItsQuotes }: StoredOperation,
  keysets: HeardKeysets,
): readonly Broken[] {
  const orphan: Broken = { invariant: 'M5', scope: operation.opId, what: 'minted from a quote that does not exist' };
  return [...operationBreaches(operation, indexed, keysets), ...(hasItsQuotes ? [] : [orphan])];
}

function keep({ found }: Walk, broken: readonly Broken[]): void {
  found.push(...broken.slice(0, FOUND_MAX - found.length));
}
