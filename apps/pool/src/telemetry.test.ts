import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '@assay/shared/runtime/log';
import { traceIdOf } from '@assay/shared/runtime/telemetry';
import { startTracing } from '@assay/shared/runtime/tracing';
import { FakeClock } from '@assay/testkit/fake-clock';
import { batchInstance } from '../test/batch-instance.ts';
import { madeUpShare } from '../test/known-work.ts';
import { memoryBatches } from '../test/memory-batches.ts';
import type { BatchTrace } from './domain/batch.ts';
import type { BatchPort } from './ports.ts';
import { traceRefusal } from './telemetry.ts';

type Exporter = NonNullable<Parameters<typeof startTracing>[0]['exporter']>;
type Spans = Parameters<Exporter['export']>[0];

/** Keeps what it was given. */
function keepingExporter(): Exporter & { readonly spans: Spans } {
  const spans: Spans = [];
  return {
    spans,
    export(given, done) {
      spans.push(...given);
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
}

let exporter: ReturnType<typeof keepingExporter>;
let tracing: ReturnType<typeof startTracing>;
beforeEach(() => {
  const log = createLogger({ service: 'test', instance: 'test-1', level: 'silent' });
  exporter = keepingExporter();
  tracing = startTracing({ service: 'pool', instance: 'pool-1', ratio: 1, log, exporter });
});
afterEach(() => tracing.stop());

it('the first share of a batch begins its trace, and what follows leads back to that span', async () => {
  const clock = new FakeClock();
  const told: (BatchTrace | undefined)[] = [];
  const memory = memoryBatches();
  const unused = () => Promise.reject(new Error('not part of these flows'));
  const lists = { countOfTemplate: unused, releaseHashes: unused, removeOld: unused, list: unused, totals: unused };
  const write: BatchPort['write'] = (writes) => {
    for (const each of writes) if (each.do === 'seal') told.push(each.trace);
    return memory.write(writes);
  };
  const pool = batchInstance({ batches: { ...memory, ...lists, write }, clock });
  const share = (seed: string) => madeUpShare({ seed, acceptedAt: clock.now() });
  await Promise.all(['one', 'two'].map((seed) => pool.submit(share(seed))));
  await pool.submit(share('three'));
  await pool.writer.drain();
  await tracing.stop();

  const spans = exporter.spans;
  const root = spans.find(({ parentSpanContext }) => parentSpanContext === undefined);
  expect(root?.name).toBe('pool.judge-share');
  expect(root?.attributes).toEqual({ result: 'accepted', reason: 'none', k: -8 });
  const children = spans.filter((span) => span !== root);
  expect(children.map(({ name }) => name).sort()).toEqual([
    ...['pool.judge-share', 'pool.judge-share', 'pool.seal-batch', 'pool.store-shares', 'pool.store-shares'],
  ]);
  for (const { parentSpanContext } of children) expect(parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
  const sealSpan = spans.find(({ name }) => name === 'pool.seal-batch')?.spanContext();
  expect(told.map((trace) => trace?.traceparent)).toEqual([`00-${sealSpan?.traceId}-${sealSpan?.spanId}-01`]);
  const [batch] = memory.all();
  expect(traceIdOf(batch?.trace)).toBe(root?.spanContext().traceId);
});

it('of refused shares every hundredth has a span', async () => {
  for (let index = 0; index < 1_000; index += 1) traceRefusal('stale', 1, 2);
  await tracing.stop();
  expect(exporter.spans.map(({ attributes }) => attributes['reason'])).toEqual(Array(10).fill('stale'));
});
