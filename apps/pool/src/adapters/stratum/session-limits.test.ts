import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY, OTHER_KEY, sessionBench, short } from '../../../test/session-bench.ts';
import { METHODS } from './methods.ts';

async function mining(bench: ReturnType<typeof sessionBench>) {
  const miner = bench.open();
  miner.tell('mining.subscribe', []);
  miner.tell('mining.authorize', [KEY]);
  await miner.said();
  return miner;
}

describe('a prefix', () => {
  it('stays with its key, also through a connection that resumed it and never said a key', async () => {
    const bench = sessionBench();
    const first = bench.open();
    first.tell('mining.subscribe', []);
    first.tell('mining.authorize', [KEY]);
    const { session, prefix } = first.session;
    first.session.closed();
    const between = bench.open();
    between.tell('mining.subscribe', ['agent', session]);
    expect(between.session.prefix).toBe(prefix);
    between.session.closed();
    const last = bench.open();
    last.tell('mining.extranonce.subscribe', []);
    last.tell('mining.subscribe', ['agent', session]);
    last.tell('mining.authorize', [OTHER_KEY]);
    expect(last.session.prefix).not.toBe(prefix);
  });

  it('comes back to a session that closed less than ten minutes ago', async () => {
    const bench = sessionBench();
    const first = await mining(bench);
    const { session, prefix } = first.session;
    first.session.closed();
    bench.clock.advance(599_999);
    const again = bench.open();
    again.tell('mining.subscribe', ['agent', session]);
    expect(again.session.prefix).toBe(prefix);
    expect(again.session.session).toBe(session);
  });

  it('goes back to its range after ten minutes', async () => {
    const bench = sessionBench();
    const first = await mining(bench);
    first.session.closed();
    bench.clock.advance(600_000);
    bench.pool.prefixes.expire();
    expect(bench.released).toEqual([first.session.prefix]);
    const again = bench.open();
    again.tell('mining.subscribe', ['agent', first.session.session]);
    expect(again.session.prefix).not.toBe(first.session.prefix);
  });

  it('is not given to two connections', async () => {
    const bench = sessionBench();
    const first = await mining(bench);
    first.session.closed();
    const resumed = [bench.open(), bench.open()];
    for (const miner of resumed) miner.tell('mining.subscribe', ['agent', first.session.session]);
    expect(resumed[0]?.session.prefix).not.toBe(resumed[1]?.session.prefix);
  });

  it('that belonged to another key is replaced when the miner takes that, with a clean job', async () => {
    const bench = sessionBench();
    bench.offer();
    const first = await mining(bench);
    first.session.closed();
    const miner = bench.open();
    miner.tell('mining.extranonce.subscribe', []);
    miner.tell('mining.subscribe', ['agent', first.session.session]);
    miner.tell('mining.authorize', [OTHER_KEY]);
    const told = (await miner.said()).map(short);
    expect(told.slice(2)).toEqual([
      ...['true', 'mining.set_extranonce 00400001', 'mining.set_difficulty 1024', 'notify clean=true'],
    ]);
  });

  it('that belonged to another key closes the connection when the miner does not', async () => {
    const bench = sessionBench();
    const first = await mining(bench);
    first.session.closed();
    const miner = bench.open();
    miner.tell('mining.subscribe', ['agent', first.session.session]);
    miner.tell('mining.authorize', [OTHER_KEY]);
    expect((await miner.said()).map(short).slice(1)).toEqual(['false 24 key-differs']);
    expect(miner.closed).toEqual(['key-differs']);
  });
});

describe('a connection', () => {
  it('without an accepted share closes after 1,800 s', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = await mining(bench);
    bench.clock.advance(1_799_999);
    miner.session.tick();
    expect(miner.closed).toEqual([]);
    bench.clock.advance(1);
    miner.session.tick();
    expect(miner.closed).toEqual(['idle']);
  });

  it('with half of its submits refused gets a clean job, and is closed after a hundred more', async () => {
    const verdicts = Array.from({ length: 200 }, () => ({ accepted: false, reason: 'duplicate' }) as const);
    const bench = sessionBench({ verdicts });
    bench.offer();
    const miner = await mining(bench);
    for (let count = 0; count < 100; count += 1) miner.tell('mining.submit', []);
    expect((await miner.said()).map(short).slice(99)).toEqual(['null 22 duplicate', 'notify clean=true']);
    for (let count = 0; count < 99; count += 1) miner.tell('mining.submit', []);
    await miner.said();
    expect(miner.closed).toEqual([]);
    miner.tell('mining.submit', []);
    expect((await miner.said()).map(short)[1]).toMatch(/^client.show_message/);
    expect(miner.closed).toEqual(['refused-shares']);
  });

  it('is not closed for stale shares', async () => {
    const verdicts = Array.from({ length: 300 }, () => ({ accepted: false, reason: 'stale' }) as const);
    const bench = sessionBench({ verdicts });
    const miner = await mining(bench);
    for (let count = 0; count < 300; count += 1) miner.tell('mining.submit', []);
    expect((await miner.said()).every((line) => short(line) === 'null 21 stale')).toBe(true);
    expect(miner.closed).toEqual([]);
  });

  it('hears of methods that are not offered, unless it asks without an id', async () => {
    const miner = sessionBench().open();
    miner.tell('mining.get_transactions', [], 'a');
    miner.tell('constructor', [], null);
    miner.receive('{"method":"mining.get_transactions","params":[]}');
    miner.tell('mining.ping', [], 4);
    const told = await miner.said();
    expect(told).toEqual([
      { id: 'a', result: null, error: [20, 'unsupported-method', null] },
      { id: null, result: null, error: [20, 'unsupported-method', null] },
      { id: 4, result: 'pong', error: null },
    ]);
  });

  it('that sends anything but an object is closed', () => {
    const miner = sessionBench().open();
    miner.receive('GET / HTTP/1.1');
    expect(miner.closed).toEqual(['json']);
  });

  it('may say anything in any order without a throw, and is told only JSON', async () => {
    const method = fc.oneof(fc.constantFrom(...METHODS.keys()), fc.string());
    const param = fc.oneof(fc.constantFrom<unknown>(KEY, `${OTHER_KEY}.x`, [['version-rolling']], {}), fc.jsonValue());
    const message = fc.record(
      { id: fc.jsonValue(), method, params: fc.oneof(fc.array(param), fc.jsonValue()) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            message.map((each) => JSON.stringify(each)),
            fc.string(),
          ),
        ),
        async (lines) => {
          const bench = sessionBench();
          bench.offer();
          const miner = bench.open();
          for (const line of lines) miner.receive(line);
          bench.offer();
          miner.session.tick();
          await miner.said();
        },
      ),
    );
  });
});
