import { ensureCollections } from '@assay/shared/runtime/mongo';
import { amount } from '@assay/shared/kernel/money';
import { unixMs } from '@assay/shared/kernel/clock';
import { testDatabase } from '@assay/testkit/mongo';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../src/adapters/mongo/operation-document.ts';
import { QUOTES, type QuoteDocument, quoteDocument } from '../src/adapters/mongo/quote-document.ts';
import { mongoStoredStates } from '../src/adapters/mongo/stored-states.ts';
import { fundedQuote } from '../src/domain/funded-quote.ts';
import { pendingQuote } from '../src/domain/quote.ts';
import { HASH_UNIT } from '../src/domain/unit.ts';
import { aReward } from './memory-funds.ts';
import { TERMS } from './signed-facts.ts';

const [FUNDED, MINED] = [20, 500];
const NOW = unixMs(1_795_227_000_000);

const made = (index: number) => {
  return { quote: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`, now: NOW, trace: undefined };
};

test('what funds paid is summed from the quotes that they paid, however many others there are', async () => {
  const { db, drop } = await testDatabase();
  await ensureCollections(db, [QUOTES, OPERATIONS]);
  const funded = Array.from({ length: FUNDED }, (_, index) =>
    fundedQuote(aReward(`r-${index}`, 2n), { ...made(index), token: `token-${index}` }),
  );
  const mined = Array.from({ length: MINED }, (_, index) => ({
    ...pendingQuote({ ...TERMS, batchId: `b-${index}` }, made(FUNDED + index)),
    amountPaid: amount(28n),
  }));
  await db.collection<QuoteDocument>(QUOTES.name).insertMany([...funded, ...mined].map(quoteDocument));
  await db.command({ profile: 2 });
  const { paidByFunds } = await mongoStoredStates(db).sums(NOW);
  await db.command({ profile: 0 });
  expect(paidByFunds).toEqual(new Map([[HASH_UNIT, 40n]]));
  const [read] = await db.collection('system.profile').find({ 'command.aggregate': QUOTES.name }).toArray();
  expect(Number(read?.['docsExamined'])).toBeLessThanOrEqual(FUNDED);
  await drop();
});
