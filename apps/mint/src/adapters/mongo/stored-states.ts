import type { ClientSession, Collection, Db } from 'mongodb';
import { quoteStepKey } from '../../domain/operation.ts';
import type { StoredOperation, StoredQuote, StoredState, StoredStates } from '../../ports.ts';
import { type FundDocument, FUNDS, parseFund } from './fund-document.ts';
import { type GrantDocument, GRANTS, parseGrant } from './grants.ts';
import { type OperationDocument, OPERATIONS, parseOperation } from './operation-document.ts';
import { parseQuote, type QuoteDocument, QUOTES } from './quote-document.ts';
import { type ChunkDocument, SUPPLY, SUPPLY_CHUNKS, type SupplyDocument, supplyOf } from './supply-document.ts';

const PAGE = 500;
const LOOSE_MAX = 20;
const UNIQUE_INDEXES = {
  [OPERATIONS.name]: ['inputsY_unique', 'outputsB_unique', 'quoteKeys_unique', 'meltQuoteId_unique'],
  [QUOTES.name]: ['quote_unique', 'lookupId_unique', 'paymentsId_unique'],
};
/** Of a pending melt these flags are true, or its locks hold nothing. */
const LOOSE = {
  state: 'PENDING',
  $or: [
    { hasInputs: { $ne: true } },
    { meltLive: { $ne: true } },
    { 'outputs.0': { $exists: true }, hasOutputs: { $ne: true } },
  ],
};
const WITHOUT_OUTBOX = { projection: { outbox: 0 } } as const;

interface Snapshot {
  readonly session: ClientSession;
  readonly quotes: Collection<QuoteDocument>;
  readonly operations: Collection<OperationDocument>;
  readonly supply: Collection<SupplyDocument>;
  readonly chunks: Collection<ChunkDocument>;
  readonly funds: Collection<FundDocument>;
  readonly grants: Collection<GrantDocument>;
}

/** Everything that is stored as of one instant: all reads of a snapshot session have one cluster time. */
export function mongoStoredStates(db: Db): StoredStates {
  // The session's read concern would give way to the connection's.
  const options = { readConcern: { level: 'snapshot' } } as const;
  return {
    atOneInstant: (run) =>
      db.client.withSession({ snapshot: true }, async (session) =>
        run(
          await stateOf(db, {
            session,
            quotes: db.collection(QUOTES.name, options),
            operations: db.collection(OPERATIONS.name, options),
            supply: db.collection(SUPPLY.name, options),
            chunks: db.collection(SUPPLY_CHUNKS.name, options),
            funds: db.collection(FUNDS.name, options),
            grants: db.collection(GRANTS.name, options),
          }),
        ),
      ),
  };
}

async function stateOf(db: Db, snapshot: Snapshot): Promise<StoredState> {
  const { session, supply, chunks, funds, grants, operations } = snapshot;
  const chunk = await chunks.findOne({ _id: 'current' }, { session });
  const counters = supplyOf(await supply.find({}, { session }).toArray());
  const loose = operations.find(LOOSE as object, { session, projection: { _id: 1 } }).limit(LOOSE_MAX);
  const open = new Set(chunk?.isOpen === true ? chunk.opIds : []);
  return {
    missingIndexes: await missingIndexes(db),
    looseMelts: (await loose.toArray()).map(({ _id }) => _id),
    counters,
    funds: (await funds.find({}, { session, ...WITHOUT_OUTBOX }).toArray()).map(parseFund),
    grants: (await grants.find({ state: 'APPROVED' }, { session }).toArray()).map(parseGrant),
    quotes: () => quotePages(snapshot),
    operations: () => operationPages(snapshot, open),
  };
}

async function missingIndexes(db: Db): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [collection, names] of Object.entries(UNIQUE_INDEXES)) {
    const indexes = await db.collection(collection).indexes();
    const unique = new Set(indexes.filter((index) => index.unique === true).map(({ name }) => name));
    missing.push(...names.filter((name) => !unique.has(name)));
  }
  return missing;
}

async function* quotePages(snapshot: Snapshot): AsyncIterable<readonly StoredQuote[]> {
  const { session, quotes } = snapshot;
  const all = quotes.find({}, { session, ...WITHOUT_OUTBOX, batchSize: PAGE });
  for await (const page of pagesOf(all)) yield await withSteps(snapshot, page);
}

async function withSteps(
  { session, operations }: Snapshot,
  page: readonly QuoteDocument[],
): Promise<readonly StoredQuote[]> {
  const keys = new Map(page.map((quote) => [quote._id, stepKeys(quote)]));
  const found = await operations
    .find({ hasQuotes: true, quoteKeys: { $in: [...keys.values()].flat() } }, { session })
    .project<Pick<OperationDocument, 'quoteKeys' | 'quoteAmounts'>>({ quoteKeys: 1, quoteAmounts: 1 })
    .toArray();
  const taken = new Map(
    found.flatMap(({ quoteKeys, quoteAmounts }) => quoteKeys.map((key, at) => [key, quoteAmounts[at] ?? 0n] as const)),
  );
  return page.map((document) => ({
    quote: parseQuote(document),
    steps: (keys.get(document._id) ?? []).flatMap((key, step) => {
      const amount = taken.get(key);
      return amount === undefined ? [] : [{ step, amount }];
    }),
  }));
}

/** Those counted so far, and the one that may be taken next. */
function stepKeys({ _id, issueCount }: QuoteDocument): string[] {
  return Array.from({ length: issueCount + 1 }, (_, step) => quoteStepKey(_id, step));
}

async function* operationPages(
  snapshot: Snapshot,
  open: ReadonlySet<string>,
): AsyncIterable<readonly StoredOperation[]> {
  const { session, operations } = snapshot;
  // Melts that are not committed have moved nothing.
  const all = operations.find({ state: 'COMMITTED' }, { session, ...WITHOUT_OUTBOX, batchSize: PAGE });
  for await (const page of pagesOf(all)) {
    const parsed = page.map((document) => ({ document, operation: parseOperation(document) }));
    const known = await knownQuotes(
      snapshot,
      parsed.flatMap(({ operation }) => operation.quotes.map(({ naturalKey }) => naturalKey)),
    );
    yield parsed.map(({ document, operation }) => ({
      operation,
      indexed: { inputs: document.hasInputs, outputs: document.hasOutputs, quotes: document.hasQuotes },
      counted: open.has(document._id) ? 'open' : document.projected ? 'yes' : 'no',
      hasItsQuotes: operation.quotes.every(({ naturalKey }) => known.has(naturalKey)),
    }));
  }
}

async function knownQuotes({ session, quotes }: Snapshot, keys: readonly string[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const found = await quotes.find({ _id: { $in: [...keys] } }, { session, projection: { _id: 1 } }).toArray();
  return new Set(found.map(({ _id }) => _id));
}

async function* pagesOf<T>(all: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  let page: T[] = [];
  for await (const one of all) {
    page.push(one);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
