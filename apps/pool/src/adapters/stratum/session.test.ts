import { describe, expect, it } from 'vitest';
import { edgeTemplate } from '../../../test/edge-template.ts';
import { KEY, OTHER_KEY, sessionBench, short } from '../../../test/session-bench.ts';

const shorts = async (miner: { said(): Promise<readonly Readonly<Record<string, unknown>>[]> }) =>
  (await miner.said()).map(short);

/** A miner that subscribed and authorized, with what it was told taken away. */
async function mining(bench: ReturnType<typeof sessionBench>, password?: string) {
  const miner = bench.open();
  miner.tell('mining.subscribe', []);
  miner.tell('mining.authorize', password === undefined ? [`${KEY}.rig1`] : [`${KEY}.rig1`, password]);
  await miner.said();
  return miner;
}

describe('the handshake', () => {
  it('ends with the difficulty and then a clean job, whichever half comes last', async () => {
    for (const order of [
      ['mining.subscribe', 'mining.authorize'],
      ['mining.authorize', 'mining.subscribe'],
    ]) {
      const bench = sessionBench();
      bench.offer();
      const miner = bench.open();
      for (const method of order) miner.tell(method, method === 'mining.subscribe' ? ['cpuminer/2.5.1'] : [KEY, 'x']);
      const told = await shorts(miner);
      expect(told.slice(2)).toEqual(['mining.set_difficulty 1024', 'notify clean=true']);
    }
  });

  it('answers subscribe with prefix and size, and a repeat with the same', async () => {
    const miner = sessionBench().open();
    miner.tell('mining.subscribe', ['agent']);
    miner.tell('mining.subscribe', []);
    const [first, again] = await miner.said();
    expect(first?.['result']).toEqual([
      [
        ['mining.set_difficulty', miner.session.session],
        ['mining.notify', miner.session.session],
      ],
      '00400000',
      8,
    ]);
    expect(miner.session.session).toMatch(/^[0-9a-f]{16}$/);
    expect(again).toEqual(first);
  });

  it('must be over in 15 s', async () => {
    const bench = sessionBench();
    const miner = bench.open();
    miner.tell('mining.subscribe', []);
    bench.clock.advance(14_999);
    miner.session.tick();
    expect(miner.closed).toEqual([]);
    bench.clock.advance(1);
    miner.session.tick();
    expect(miner.closed).toEqual(['handshake']);
  });

  it('keeps 64 printable characters of the agent', () => {
    const miner = sessionBench().open();
    miner.tell('mining.subscribe', [`é${'a'.repeat(70)}\n`]);
    expect(miner.session.agent).toBe('a'.repeat(64));
  });
});

describe('usernames, as in example A7', () => {
  it('of the same key in upper case are the same worker', async () => {
    const bench = sessionBench();
    const miner = bench.open();
    miner.tell('mining.authorize', [`${KEY.toUpperCase()}.rig1`]);
    expect(await shorts(miner)).toEqual(['true']);
    expect(miner.session.worker(`${KEY}.rig1`)).toEqual({ lockingKey: KEY, name: 'rig1' });
  });

  it.each([
    ['a Bitcoin address', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['65 digits', KEY.slice(1)],
    ['another first byte', `05${KEY.slice(2)}`],
    ['an x that is not on the curve', `02${'00'.repeat(31)}05`],
  ])('%s are refused as bad-key', async (_, username) => {
    const miner = sessionBench().open();
    miner.tell('mining.authorize', [username]);
    expect(await shorts(miner)).toEqual(['false 24 bad-key']);
  });

  it('of another key are refused, of further workers of the same key are not', async () => {
    const miner = sessionBench().open();
    for (const username of [`${KEY}.rig1`, `${OTHER_KEY}.rig2`, `${KEY}.rig2`, `${KEY}.bad worker`]) {
      miner.tell('mining.authorize', [username]);
    }
    expect(await shorts(miner)).toEqual(['true', 'false 24 key-differs', 'true', 'false 24 bad-worker']);
    expect(miner.session.worker(KEY)).toBeUndefined();
  });

  it('that are bad three times close the connection', () => {
    const miner = sessionBench().open();
    for (const username of ['x', 'y']) miner.tell('mining.authorize', [username]);
    expect(miner.closed).toEqual([]);
    miner.tell('mining.authorize', ['z']);
    expect(miner.closed).toEqual(['bad-authorize']);
  });
});

describe('jobs', () => {
  it('of a new template on the same tip are not clean, on another tip they are', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = await mining(bench);
    bench.offer(edgeTemplate('a', { mintime: 1_795_226_001 }));
    expect(await shorts(miner)).toEqual(['notify clean=false']);
    bench.offer(edgeTemplate('b'));
    expect(await shorts(miner)).toEqual(['notify clean=true']);
    bench.board.withdraw(edgeTemplate('b').id);
    bench.offer(edgeTemplate('b', { mintime: 1_795_226_001 }));
    expect(await shorts(miner)).toEqual(['notify clean=true']);
  });

  it('wait for the first template, and the first one is clean', async () => {
    const bench = sessionBench();
    const miner = await mining(bench);
    bench.offer();
    expect(await shorts(miner)).toEqual(['mining.set_difficulty 1024', 'notify clean=true']);
  });

  it('are good for their connection alone, and for ten minutes', async () => {
    const bench = sessionBench();
    bench.offer();
    const [miner, other] = [await mining(bench), await mining(bench, 'd=4096')];
    const id = bench.board.jobAt(10)?.job.id ?? '';
    expect(miner.session.sentJob(id)?.job.id).toBe(id);
    expect(other.session.sentJob(id)).toBeUndefined();
  });

  it('are remembered for the last 32', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = await mining(bench);
    const first = bench.board.jobAt(10)?.job.id ?? '';
    for (let count = 0; count < 31; count += 1) bench.offer();
    expect(miner.session.sentJob(first)).toBeDefined();
    bench.offer();
    expect(miner.session.sentJob(first)).toBeUndefined();
  });

  it('have the mask that was agreed when they were sent', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = await mining(bench);
    const before = bench.board.jobAt(10)?.job.id ?? '';
    miner.tell('mining.configure', [['version-rolling'], {}]);
    bench.offer();
    const after = bench.board.jobAt(10)?.job.id ?? '';
    expect(miner.session.sentJob(before)?.versionMask).toBe(0);
    expect(miner.session.sentJob(after)?.versionMask).toBe(0x1fffe000);
  });

  it('of a template with another mask come after the mask', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = bench.open();
    miner.tell('mining.configure', [['version-rolling'], {}]);
    miner.tell('mining.subscribe', []);
    miner.tell('mining.authorize', [KEY]);
    await miner.said();
    bench.offer({ ...edgeTemplate('b'), versionMask: 0x00ffe000 });
    expect(await shorts(miner)).toEqual(['mining.set_version_mask 00ffe000', 'notify clean=true']);
  });
});

describe('difficulty', () => {
  it('begins with the password, else the suggestion, else the last of the worker', async () => {
    const first = async (bench: ReturnType<typeof sessionBench>, password: string, suggest?: number) => {
      bench.offer();
      const miner = bench.open();
      if (suggest !== undefined) miner.tell('mining.suggest_difficulty', [suggest]);
      miner.tell('mining.subscribe', []);
      miner.tell('mining.authorize', [KEY, password]);
      return (await shorts(miner)).find((line) => line.startsWith('mining.set_difficulty'));
    };
    expect(await first(sessionBench({ lastK: 6 }), 'd=1000,x', 64)).toBe('mining.set_difficulty 512');
    expect(await first(sessionBench({ lastK: 6 }), 'x', 100)).toBe('mining.set_difficulty 64');
    expect(await first(sessionBench({ lastK: 6 }), 'x')).toBe('mining.set_difficulty 64');
    expect(await first(sessionBench(), 'x')).toBe('mining.set_difficulty 1024');
    expect(await first(sessionBench(), 'd=0.001')).toBe('mining.set_difficulty 1');
    expect(await first(sessionBench({ bounds: { min: -8, max: 44 } }), 'd=0.004')).toBe(
      'mining.set_difficulty 0.00390625',
    );
    expect(await first(sessionBench(), 'd=8,min=64')).toBe('mining.set_difficulty 64');
  });

  it('that changes is told before the job that it applies to, at once', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = await mining(bench);
    miner.tell('mining.suggest_difficulty', [4096]);
    expect(await shorts(miner)).toEqual(['true', 'mining.set_difficulty 4096', 'notify clean=false']);
    miner.tell('mining.suggest_target', [`${'0'.repeat(8)}ffff${'0'.repeat(52)}`]);
    expect(await shorts(miner)).toEqual(['true', 'mining.set_difficulty 1', 'notify clean=false']);
    miner.tell('mining.configure', [['minimum-difficulty'], { 'minimum-difficulty.value': 9 }]);
    expect(await shorts(miner)).toEqual([
      '{"minimum-difficulty":true}',
      'mining.set_difficulty 16',
      'notify clean=false',
    ]);
  });

  it.each([[[]], [['5']], [[-1]], [[0]], [[null]]])('%j suggests nothing', async (params) => {
    const miner = sessionBench().open();
    miner.tell('mining.suggest_difficulty', params);
    expect(await shorts(miner)).toEqual(['null 20 malformed']);
  });

  it('goes down two steps after a minute of silence', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = await mining(bench);
    bench.clock.advance(60_000);
    miner.session.tick();
    expect(await shorts(miner)).toEqual(['mining.set_difficulty 256', 'notify clean=false']);
  });

  it('goes up with sixteen quick shares', async () => {
    const bench = sessionBench();
    bench.offer();
    const miner = await mining(bench);
    const job = bench.board.jobAt(10)?.job.id;
    bench.clock.advance(1_000);
    for (let count = 0; count < 16; count += 1) miner.tell('mining.submit', [`${KEY}.rig1`, job, '', '', '']);
    const told = await shorts(miner);
    expect(told.slice(15)).toEqual(['true', 'mining.set_difficulty 131072', 'notify clean=false']);
  });
});
