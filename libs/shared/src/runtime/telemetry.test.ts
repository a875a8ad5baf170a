import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { currentTrace, inSpan, isSampled, openSpan, recordSpan, traceIdOf } from './telemetry.ts';
import { startTracing } from './tracing.ts';

const log = createLogger({ service: 'test', instance: 'test-1', level: 'silent' });
const SAMPLED = { traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`, tracestate: 'vendor=1' };
const UNSAMPLED = { traceparent: `00-${'c3'.repeat(16)}-${'d4'.repeat(8)}-00` };

/** Keeps what it was given after it was shut down. */
class Exporter extends InMemorySpanExporter {
  override shutdown = () => Promise.resolve();
}

let exporter: Exporter;
let tracing: ReturnType<typeof startTracing>;

function start(ratio: number) {
  exporter = new Exporter();
  tracing = startTracing({ service: 'pool', instance: 'pool-1', ratio, log, exporter });
}

async function spans() {
  await tracing.stop();
  return exporter.getFinishedSpans();
}

beforeEach(() => start(1));
afterEach(() => tracing.stop());

test('spans nest, by the active span or by a stored context', async () => {
  await inSpan('pool.judge-share', {}, async () => {
    await inSpan('pool.store-shares', {}, async () => undefined);
    await inSpan('mint.create-quote', { parent: SAMPLED }, async () => undefined);
  });
  const [store, quote, judge] = await spans();
  expect(store?.parentSpanContext?.spanId).toBe(judge?.spanContext().spanId);
  expect(judge?.parentSpanContext).toBeUndefined();
  expect(quote?.spanContext().traceId).toBe(traceIdOf(SAMPLED));
  expect(quote?.parentSpanContext?.spanId).toBe('b2'.repeat(8));
  expect(judge?.resource.attributes).toMatchObject({ 'service.name': 'pool', 'service.instance.id': 'pool-1' });
});

test('the active context goes on across a stored document with its state', async () => {
  const stored = await inSpan('a', { parent: SAMPLED }, async () => currentTrace());
  expect(stored?.tracestate).toBe('vendor=1');
  expect(traceIdOf(stored)).toBe(traceIdOf(SAMPLED));
  expect(isSampled(stored)).toBe(true);
  expect(currentTrace()).toBeUndefined();
});

test('kind, attributes, links and start time are those asked for', async () => {
  const options = {
    kind: 'consumer',
    attributes: { code: 'OK' },
    links: [SAMPLED, undefined],
    startMs: 1_795_227_000_000,
  } as const;
  await inSpan('process x', options, async (span) => void span.setAttribute('n', 2));
  const [span] = await spans();
  expect(span).toMatchObject({
    kind: SpanKind.CONSUMER,
    attributes: { code: 'OK', n: 2 },
    startTime: [1_795_227_000, 0],
  });
  expect(span?.links.map((link) => link.context.spanId)).toEqual(['b2'.repeat(8)]);
});

test('a fault marks its span and is thrown on', async () => {
  const fault = new TypeError('broken');
  await expect(inSpan('a', {}, () => Promise.reject(fault))).rejects.toBe(fault);
  const [span] = await spans();
  expect(span?.status).toEqual({ code: 2, message: 'TypeError' });
  expect(span?.events[0]?.attributes).toEqual({ 'exception.type': 'TypeError', 'exception.message': 'broken' });
});

test('a span of the past has both its times and can be a parent', async () => {
  const wait = recordSpan('quote.pending-wait', { parent: SAMPLED, startMs: 5_000, endMs: 9_500 });
  await inSpan('quote.issued', { parent: wait }, async () => undefined);
  const [waited, issued] = await spans();
  expect(waited).toMatchObject({ startTime: [5, 0], endTime: [9, 500_000_000] });
  expect(issued?.parentSpanContext?.spanId).toBe(waited?.spanContext().spanId);
});

test('a span that outlives its function ends when told', async () => {
  const open = openSpan('stream', {});
  expect(open.within(() => currentTrace())).toEqual(open.trace);
  open.end(new Error('cut'));
  expect((await spans()).map((span) => [span.name, span.status.code])).toEqual([['stream', 2]]);
});

describe('the decision to sample', () => {
  test('travels in the flag of a stored context, whatever the ratio here', async () => {
    await tracing.stop();
    start(0);
    await inSpan('kept', { parent: SAMPLED }, async () => undefined);
    await inSpan('new', {}, async () => undefined);
    expect((await spans()).map(({ name }) => name)).toEqual(['kept']);
  });

  test('not to sample makes no span and passes the context on unchanged', async () => {
    const seen = await inSpan('a', { parent: UNSAMPLED }, () => inSpan('b', {}, async () => currentTrace()));
    expect(seen).toEqual(UNSAMPLED);
    expect(recordSpan('c', { parent: UNSAMPLED, startMs: 1, endMs: 2 })).toEqual(UNSAMPLED);
    expect(await spans()).toEqual([]);
  });
});

test('a parent that cannot be read begins a new trace, not one below the active span', async () => {
  await inSpan('outer', {}, async () => {
    await inSpan('inner', { parent: { traceparent: 'noise' } }, async () => undefined);
  });
  const [inner, outer] = await spans();
  expect(inner?.parentSpanContext).toBeUndefined();
  expect(inner?.spanContext().traceId).not.toBe(outer?.spanContext().traceId);
  expect(traceIdOf({ traceparent: 'noise' })).toBe('');
  expect(isSampled(undefined)).toBe(false);
});
