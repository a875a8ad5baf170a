import { present } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { publishEvent } from '@assay/shared/runtime/nats';
import { isSampled, traceIdOf } from '@assay/shared/runtime/telemetry';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ehashKey, type Quote } from '../src/domain/quote.ts';
import { quoteHash } from '../src/domain/quote-id.ts';
import { keptSpans } from './kept-spans.ts';
import { runMint } from './running-mint.ts';
import { aBatch, aVerdict } from './signed-facts.ts';
import { until } from '@assay/testkit/until';
import { batchMessage, verdictMessage } from './wire-facts.ts';

let database: TestDatabase;
let nats: NatsServer;
const { spans, stop: stopTracing } = keptSpans();

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
});

afterAll(async () => {
  await nats.stop();
  await database.drop();
});

const SHARE = { traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01` };
const UNSAMPLED = { traceparent: `00-${'c3'.repeat(16)}-${'d4'.repeat(8)}-00` };
const AUDITOR = { traceparent: `00-${'a1'.repeat(16)}-${'e5'.repeat(8)}-01` };

type Mint = Awaited<ReturnType<typeof runMint>>;

async function quoteIn(mint: Mint, batchId: string, state: Quote['state']): Promise<Quote> {
  return until(`${batchId} ${state}`, async () => {
    const quote = await mint.quotes.find(ehashKey('pool-1', batchId));
    return quote?.state === state ? quote : undefined;
  });
}

test('the trace of a share goes on from its batch to its settlement, also when the mint restarts in between', async () => {
  const first = await runMint({ db: database.db, natsUrl: nats.url });
  const [batch, silent] = [aBatch({ batchId: 'traced' }), aBatch({ batchId: 'unsampled' })];
  await publishEvent(first.bus, 'pool.batch.accepted', batchMessage(batch), { trace: SHARE });
  await publishEvent(first.bus, 'pool.batch.accepted', batchMessage(silent), { trace: UNSAMPLED });
  const pending = await quoteIn(first, 'traced', 'PENDING');
  const quiet = await quoteIn(first, 'unsampled', 'PENDING');
  await first.stop();

  const second = await runMint({ db: database.db, natsUrl: nats.url });
  for (const each of [batch, silent]) {
    const verdict = aVerdict({ batchId: each.batchId, batchHash: toHex(each.batchHash) });
    await publishEvent(second.bus, 'auditor.verdict.given', verdictMessage(verdict), {
      trace: each === batch ? AUDITOR : UNSAMPLED,
    });
  }
  await quoteIn(second, 'traced', 'PAID');
  await quoteIn(second, 'unsampled', 'PAID');
  await second.stop();
  await stopTracing();

  const named = (name: string) =>
    present(
      spans.find((span) => span.name === name),
      name,
    );
  const created = named('mint.create-quote');
  const settled = named('mint.settle-quote');
  const waited = named('quote.pending-wait');
  const processed = spans.filter((span) => span.name.startsWith('process '));
  const [heardBatch, heardVerdict] = ['pool.batch.accepted', 'auditor.verdict.given'].map((subject) =>
    present(
      processed.find((span) => span.name.endsWith(subject)),
      subject,
    ),
  );

  for (const span of [created, settled, waited]) expect(span.spanContext().traceId).toBe(traceIdOf(SHARE));
  expect(created.parentSpanContext?.spanId).toBe(heardBatch?.spanContext().spanId);
  expect(pending.trace?.traceparent).toContain(created.spanContext().spanId);
  expect(settled.parentSpanContext?.spanId).toBe(created.spanContext().spanId);
  expect(settled.links.map((link) => link.context.spanId)).toEqual([heardVerdict?.spanContext().spanId]);
  expect(waited.parentSpanContext?.spanId).toBe(created.spanContext().spanId);
  expect(waited.startTime[0] * 1_000 + waited.startTime[1] / 1e6).toBeCloseTo(pending.createdAt, 0);
  const attributes = { method: 'ehash', unit: 'hash', quote: quoteHash(pending.quote) };
  expect(created.attributes).toEqual(attributes);
  for (const span of [settled, waited]) expect(span.attributes).toEqual({ ...attributes, state: 'PAID' });

  expect(traceIdOf(quiet.trace)).toBe(traceIdOf(UNSAMPLED));
  expect(isSampled(quiet.trace)).toBe(false);
  expect(spans.filter((span) => span.spanContext().traceId === traceIdOf(UNSAMPLED))).toEqual([]);
});
