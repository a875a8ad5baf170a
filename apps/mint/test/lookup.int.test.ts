import { ensureCollections } from '@assay/shared/runtime/mongo';
import { unixMs } from '@assay/shared/kernel/clock';
import { parseLockingKey } from '@assay/shared/kernel/ids';
import { amount } from '@assay/shared/kernel/money';
import { testDatabase } from '@assay/testkit/mongo';
import { expect, test } from 'vitest';
import { QUOTES, type QuoteDocument, renderQuote } from '../src/adapters/mongo/quote-document.ts';
import { mongoQuoteReader } from '../src/adapters/mongo/quote-reader.ts';
import { pendingQuote, type Quote } from '../src/domain/quote.ts';
import type { QuotePosition } from '../src/ports.ts';
import { TERMS } from './signed-facts.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

const MANY = 2_000;
const START = 1_795_227_000_000;

/** The `index`th quote of a miner: four are created in one millisecond, every tenth may be minted from. */
function nth(index: number): Quote {
  const batchId = `b-${String(index).padStart(5, '0')}`;
  const quote = `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;
  const made = { quote, now: unixMs(START + Math.floor(index / 4)), trace: undefined };
  const pending = pendingQuote({ ...TERMS, batchId, lockingKey: WALLET_KEY }, made);
  return index % 10 === 0 ? { ...pending, state: 'PAID', amountPaid: amount(28n) } : pending;
}

test('each page of a miner’s many quotes reads little more than it shows, and no quote is left out', async () => {
  const { db, drop } = await testDatabase();
  await ensureCollections(db, [QUOTES]);
  const quotes = Array.from({ length: MANY }, (_, index) => nth(index));
  await db
    .collection<QuoteDocument>(QUOTES.name)
    .insertMany(quotes.map((quote) => ({ _id: quote.naturalKey, ...renderQuote(quote), version: 1, outbox: [] })));
  const key = parseLockingKey(WALLET_KEY);
  if (!key.ok) throw new Error('not a key');
  const query = { method: 'ehash', pubkeys: [key.value], limit: 200 } as const;
  await db.command({ profile: 2 });
  for (const onlyMintable of [false, true]) {
    const seen: string[] = [];
    let after: QuotePosition | undefined;
    do {
      const page = await mongoQuoteReader(db).listByPubkeys({ ...query, onlyMintable, after });
      seen.push(...page.quotes.map(({ naturalKey }) => naturalKey));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(
      quotes.filter(({ state }) => !onlyMintable || state === 'PAID').map((each) => each.naturalKey),
    );
  }
  await db.command({ profile: 0 });
  const reads = await db
    .collection('system.profile')
    .find({ op: 'query', ns: `${db.databaseName}.quotes` })
    .toArray();
  expect(reads.length).toBe(11);
  for (const { hasSortStage, docsExamined } of reads) {
    expect(hasSortStage).toBeUndefined();
    expect(Number(docsExamined)).toBeLessThan(450);
  }
  await drop();
});
