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

function memoryPort(memory: ReturnType<typeof memoryBatches>): BatchPort {
  const unused = () => Promise.reject(new Error('not part of these flows'));
  const lists = { countOfTemplate: unused, releaseHashes: unused, removeOld: unused, list: unused, totals: unused };
  return { ...memory, ...lists };
}

it('the first share of a batch begins its trace, and what follows leads back to that span', async () => {
  const clock = new FakeClock();
  const told: (BatchTrace | undefined)[] = [];
  const memory = memoryBatches();
  const write: BatchPort['write'] = (writes) => {
    for (const each of writes) if (each.do === 'seal') told.push(each.trace);
    return memory.write(writes);
  };
  const pool = batchInstance({ batches: { ...memoryPort(memory), write }, clock });
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

it('of the shares of a batch the first eight have spans, and the batch is sealed in one all the same', async () => {
  const clock = new FakeClock();
  const pool = batchInstance({ batches: memoryPort(memoryBatches()), clock });
  const share = (seed: number) => madeUpShare({ seed: `${seed}`, acceptedAt: clock.now() });
  for (const count of [3, 40, 1]) {
    const first = exporter.spans.length + count;
    await Promise.all(Array.from({ length: count }, (_, index) => pool.submit(share(first * 1_000 + index))));
  }
  for (let index = 0; index < 20; index += 1) await pool.submit(share(-1 - index));
  await pool.writer.drain();
  await tracing.stop();
  const names = exporter.spans.map(({ name }) => name);
  expect(names.filter((name) => name === 'pool.judge-share')).toHaveLength(8);
  expect(names.filter((name) => name === 'pool.store-shares')).toHaveLength(2);
  expect(names.filter((name) => name === 'pool.seal-batch')).toHaveLength(1);
});

it('of refused shares every hundredth has a span', async () => {
  for (let index = 0; index < 1_000; index += 1) traceRefusal('stale', 1, 2);
  await tracing.stop();
  expect(exporter.spans.map(({ attributes }) => attributes['reason'])).toEqual(Array(10).fill('stale'));
});
