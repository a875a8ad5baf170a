import { WITHOUT_OUTBOX } from '@assay/shared/runtime/outbox';
import type { Collection, Db } from 'mongodb';
import { quoteStepKey } from '../../domain/operation.ts';
import { EMPTY_SUPPLY, type Supply, withOperations } from '../../domain/supply.ts';
import type { Fund } from '../../domain/fund.ts';
import type { Unit } from '../../domain/unit.ts';
import type { StoredOperation, StoredQuote, StoredStates, StoredSums } from '../../recount-ports.ts';
import { parseFund } from './fund-document.ts';
import { parseGrant } from './grants.ts';
import { atOneInstant, openChunk, type Snapshot } from './one-instant.ts';
import { type OperationDocument, OPERATIONS, parseOperation } from './operation-document.ts';
import { FUNDED_INDEX, parseQuote, type QuoteDocument, QUOTES } from './quote-document.ts';
import { supplyOf } from './supply-document.ts';
import { sumWithin } from './supply-history.ts';
import { takenSteps } from './taken-steps.ts';

const PAGE = 500;
const LOOSE_MAX = 20;
const UNIQUE_INDEXES = {
  [OPERATIONS.name]: [
    'inputsY_unique',
    'outputsB_unique',
    'quoteKeys_unique',
    'meltQuoteId_unique',
    'paymentKey_unique',
  ],
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

/** What is stored, as the recount reads it: sums as of one instant, and page by page what they are the sums of. */
export function mongoStoredStates(db: Db): StoredStates {
  const operations = db.collection<OperationDocument>(OPERATIONS.name);
  const quotes = db.collection<QuoteDocument>(QUOTES.name);
  return {
    sums: async (since) => {
      const indexes = await missingIndexes(db);
      return atOneInstant(db, async (snapshot) => ({ missingIndexes: indexes, ...(await sumsOf(snapshot, since)) }));
    },
    quotesAfter: (naturalKey) => atOneInstant(db, (snapshot) => quotesAfter(snapshot, naturalKey)),
    operationsAfter: (opId) => operationsAfter(operations, quotes, opId),
  };
}

async function sumsOf(snapshot: Snapshot, since: number): Promise<Omit<StoredSums, 'missingIndexes'>> {
  const { session, supply, funds: allFunds, grants, operations } = snapshot;
  const counters = supplyOf(await supply.find({}, { session }).toArray());
  const funds = (await allFunds.find({}, { session, ...WITHOUT_OUTBOX }).toArray()).map(parseFund);
  const loose = operations.find(LOOSE as object, { session, projection: { _id: 1 } }).limit(LOOSE_MAX);
  return {
    looseMelts: (await loose.toArray()).map(({ _id }) => _id),
    counters,
    funds,
    grants: (await grants.find({ state: 'APPROVED' }, { session }).toArray()).map(parseGrant),
    operations: await sumWithin(operations, { $gte: new Date(since) }, { session }),
    ...(await uncounted(snapshot)),
    paidByFunds: await paidByFunds(snapshot, funds),
  };
}

/** Those of the open chunk may be marked already; those that are not marked are in it or have not been seen. */
async function uncounted(snapshot: Snapshot): Promise<{ open: Supply; unseen: Supply }> {
  const { session, operations } = snapshot;
  const chunk = await openChunk(snapshot);
  const inOpen = new Set(chunk?.opIds);
  let unseen = EMPTY_SUPPLY;
  const unmarked = { projected: false, state: 'COMMITTED' } as const;
  for await (const document of operations.find(unmarked, { session, ...WITHOUT_OUTBOX })) {
    if (!inOpen.has(document._id)) unseen = withOperations(unseen, [parseOperation(document)]);
  }
  return { open: chunk?.sums ?? EMPTY_SUPPLY, unseen };
}

async function paidByFunds({ session, quotes }: Snapshot, funds: readonly Fund[]): Promise<ReadonlyMap<Unit, bigint>> {
  const pending = funds.flatMap((fund) => fund.pending.map(({ token }) => token));
  const sums = quotes.aggregate<{ _id: Unit; paid: bigint }>(
    [
      { $match: { method: { $in: ['reward', 'escrow'] }, fundToken: { $exists: true, $nin: pending } } },
      { $group: { _id: '$unit', paid: { $sum: '$amountPaid' } } },
    ],
    { session, hint: FUNDED_INDEX },
  );
  return new Map((await sums.toArray()).map(({ _id, paid }) => [_id, paid]));
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

async function quotesAfter(snapshot: Snapshot, naturalKey: string): Promise<readonly StoredQuote[]> {
  const { session, quotes } = snapshot;
  const page = quotes.find({ _id: { $gt: naturalKey } }, { session, ...WITHOUT_OUTBOX });
  return withSteps(snapshot, await page.sort({ _id: 1 }).limit(PAGE).toArray());
}

async function withSteps(snapshot: Snapshot, page: readonly QuoteDocument[]): Promise<readonly StoredQuote[]> {
  const keys = new Map(page.map((quote) => [quote._id, stepKeys(quote)]));
  const { operations, session } = snapshot;
  const taken = await takenSteps(operations, [...keys.values()].flat(), { session });
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

async function operationsAfter(
  operations: Collection<OperationDocument>,
  quotes: Collection<QuoteDocument>,
  opId: string,
): Promise<readonly StoredOperation[]> {
  const found = operations.find({ _id: { $gt: opId }, state: 'COMMITTED' }, WITHOUT_OUTBOX).sort({ _id: 1 });
  const page = (await found.limit(PAGE).toArray()).map((document) => ({
    document,
    operation: parseOperation(document),
  }));
  const known = await knownQuotes(
    quotes,
    page.flatMap(({ operation }) => operation.quotes.map(({ naturalKey }) => naturalKey)),
  );
  return page.map(({ document, operation }) => ({
    operation,
    indexed: { inputs: document.hasInputs, outputs: document.hasOutputs, quotes: document.hasQuotes },
    hasItsQuotes: operation.quotes.every(({ naturalKey }) => known.has(naturalKey)),
  }));
}

async function knownQuotes(quotes: Collection<QuoteDocument>, keys: readonly string[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const found = await quotes.find({ _id: { $in: [...keys] } }, { projection: { _id: 1 } }).toArray();
  return new Set(found.map(({ _id }) => _id));
}
