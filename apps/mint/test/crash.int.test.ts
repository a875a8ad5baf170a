import { CATALOGUE } from '@assay/proto/catalogue';
import { QuoteChanged } from '@assay/proto/gen/assay/mint/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import { type Bus, connectNats, publishEvent } from '@assay/shared/runtime/nats';
import { type TestContext, testContext } from '@assay/testkit/context';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { QuoteDocument } from '../src/adapters/mongo/quote-document.ts';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';
import { aBatch, aVerdict } from './signed-facts.ts';
import { until } from '@assay/testkit/until';
import { tellBatch, verdictMessage } from './wire-facts.ts';

const BATCHES = 120;
const KILL_EVERY = 60;
/** What a killed instance held comes again after the ack wait of 30 s. */
const SETTLED_WITHIN_MS = 90_000;
const TEST_MS = 200_000;

let processes: MintProcesses;
let context: TestContext;
let bus: Bus;

beforeAll(async () => {
  processes = await startMintProcesses(2);
  context = testContext();
  bus = await connectNats(context, { url: processes.natsUrl });
});

afterAll(async () => {
  await context.stop();
  await processes.stop();
});

test(
  'instances that are killed while they make and settle quotes leave each one made once, settled once and told once',
  async () => {
    for (let n = 0; n < BATCHES; n += 1) {
      const batch = aBatch({ batchId: `b-${n}` });
      await tellBatch(bus, batch);
      const verdict = aVerdict({ batchId: batch.batchId, batchHash: toHex(batch.batchHash) });
      await publishEvent(bus, 'auditor.verdict.given', verdictMessage(verdict), {});
      if (n % KILL_EVERY === KILL_EVERY - 1) {
        const { process } = processes.mints[Math.floor(n / KILL_EVERY) % 2] ?? {};
        await process?.kill();
        await process?.restart();
      }
    }
    const quotes = processes.database.db.collection<QuoteDocument>('quotes');
    await until(
      'all quotes are paid and told',
      async () => {
        const done = await quotes.countDocuments({ state: 'PAID', 'outbox.0': { $exists: false } });
        return done === BATCHES ? true : undefined;
      },
      SETTLED_WITHIN_MS,
    );
    expect(await quotes.countDocuments({ version: 2, amountPaid: 28n, 'history.1.event': 'verdict-valid' })).toBe(
      BATCHES,
    );
    expect(await processes.database.db.collection('deadLetters').countDocuments()).toBe(0);
    for (const event of ['mint.quote.created', 'mint.quote.paid'] as const) {
      const told = await toldQuotes(CATALOGUE[event].subject);
      expect(new Set(told).size).toBe(BATCHES);
    }
  },
  TEST_MS,
);

async function toldQuotes(subject: string): Promise<string[]> {
  const consumer = await bus.js.consumers.get('MINT', { filter_subjects: [subject] });
  const told: string[] = [];
  for await (const message of await consumer.fetch({ max_messages: 2 * BATCHES, expires: 2_000 })) {
    told.push(QuoteChanged.decode(message.data).naturalKey);
  }
  return told;
}
