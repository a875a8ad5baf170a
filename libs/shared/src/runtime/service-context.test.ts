import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { createLogger } from './log.ts';
import { createLifecycle } from './service-context.ts';

const STAGES = ['not-serving', 'edge', 'grpc', 'consumers', 'work', 'relay', 'nats', 'database', 'telemetry'] as const;

function lifecycle() {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const log = createLogger({ service: 'pool', instance: 'pool-1', level: 'info' }, destination);
  const made = createLifecycle({
    name: 'pool',
    instance: 'pool-1',
    clock: systemClock,
    log,
    onFailed: () => undefined,
  });
  return { ...made, lines };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a drain', () => {
  test('goes inwards stage by stage, and within a stage the last registered first', async () => {
    const { context, started, stop } = lifecycle();
    started();
    const order: string[] = [];
    for (const stage of [...STAGES].reverse()) {
      context.onStop(stage, `${stage} 1`, () => void order.push(`${stage} 1`));
      context.onStop(stage, `${stage} 2`, async () => void order.push(`${stage} 2`));
    }
    await stop();
    expect(order).toEqual(STAGES.flatMap((stage) => [`${stage} 2`, `${stage} 1`]));
  });

  test('begins with not being ready any more', async () => {
    const { context, started, stop } = lifecycle();
    started();
    const seen: boolean[] = [await context.isReady()];
    context.onStop('not-serving', 'health', async () => void seen.push(await context.isReady()));
    await stop();
    started();
    expect([...seen, await context.isReady()]).toEqual([true, false, false]);
  });

  test('goes on after what hangs or fails, and names what did not stop', async () => {
    const { context, stop, lines } = lifecycle();
    const order: string[] = [];
    context.onStop('consumers', 'heard of all the same', () => void order.push('consumers'));
    context.onStop('consumers', 'hanging', () => new Promise(() => undefined));
    context.onStop('grpc', 'failing', () => Promise.reject(new Error('broken')));
    context.onStop('database', 'database', () => void order.push('database'));
    const stopped = stop();
    await vi.advanceTimersByTimeAsync(10_000);
    await stopped;
    expect(order).toEqual(['consumers', 'database']);
    expect(lines.map(({ stage, msg, unfinished }) => ({ stage, msg, unfinished }))).toEqual([
      { stage: 'grpc', msg: 'stopping failed' },
      { stage: 'grpc', msg: 'stopped' },
      { stage: 'consumers', msg: 'stopping took too long; going on', unfinished: ['hanging'] },
      { stage: 'database', msg: 'stopped' },
    ]);
  });

  test('happens once, however often it is asked for', async () => {
    const { context, stop } = lifecycle();
    let times = 0;
    context.onStop('edge', 'edge', () => void (times += 1));
    await Promise.all([stop(), stop()]);
    expect(times).toBe(1);
  });
});

describe('readiness', () => {
  test('needs the start to be over and every probe to be true', async () => {
    const { context, started, readinessReport } = lifecycle();
    let database = false;
    context.readiness('database', () => database);
    expect(await readinessReport()).toEqual({ ready: false, probes: { serving: false, database: false } });
    started();
    expect(await context.isReady()).toBe(false);
    database = true;
    expect(await readinessReport()).toEqual({ ready: true, probes: { serving: true, database: true } });
  });

  test('a probe that throws or takes too long is false', async () => {
    const { context, started, readinessReport } = lifecycle();
    started();
    context.readiness('throws', () => {
      throw new Error('broken');
    });
    context.readiness('rejects', () => Promise.reject(new Error('broken')));
    context.readiness('hangs', () => new Promise(() => undefined));
    const report = readinessReport();
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await report).probes).toEqual({ serving: true, throws: false, rejects: false, hangs: false });
  });
});

describe('repeating work', () => {
  test('never overlaps itself, survives faults, and ends with the drain', async () => {
    const { context, stop, lines } = lifecycle();
    let runs = 0;
    let release = () => {};
    context.every('sweep', 100, () => {
      runs += 1;
      if (runs === 1) throw new Error('broken');
      return new Promise<void>((resolve) => (release = resolve));
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(runs).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs).toBe(2);
    const stopped = stop();
    release();
    await stopped;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs).toBe(2);
    expect(lines[0]).toMatchObject({ level: 'error', what: 'sweep', msg: 'repeating work failed; it runs again' });
  });
});
