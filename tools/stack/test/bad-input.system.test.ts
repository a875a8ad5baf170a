import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CATALOGUE } from '@assay/proto/catalogue';
import { type Bus, connectNats, publishMessage } from '@assay/shared/runtime/nats';
import { type TestContext, testContext } from '@assay/testkit/context';
import { type EhashWallet, openWallet } from '../../wallet/ehash-wallet.ts';
import { scrape, sumOf } from '../metrics.ts';
import { portOf } from '../port-plan.ts';
import { until } from '../until.ts';
import { badSubmits, damaged, randomMessages, requestBodies, stratumLines, stratumRequests } from './bad-words.ts';
import { EASY_SHARES, startEasyLoad } from './easy-shares.ts';
import { openRawMiner, type RawMiner } from './raw-miner.ts';
import { startTestStack, type TestStack } from './stack-fixture.ts';

// Nothing that strangers say ends a service or gets into a database. What was there before is compared afterwards.

const SEED = 20_261_127;
const SERVICES = ['signatory', 'mint', 'auditor', 'pool'] as const;
/** Where what could not be understood is kept on purpose; and what the clock adds to. */
const LEFT_OUT = ['deadLetters', 'waitingMessages', 'supplyCuts'];
/** Whole documents are compared here; elsewhere their number. */
const COMPARED: readonly string[] = ['batches', 'quotes', 'operations', 'control', 'blocks', 'breaches'];

let stack: TestStack;
let wallet: EhashWallet;
let context: TestContext;
let bus: Bus;
let pids: readonly number[];
let before: string;

const stratum = () => portOf(stack.options, 'stratum');
const pidsNow = () => SERVICES.map((name) => stack.process(name).pid());

beforeAll(async () => {
  const pool = { ...EASY_SHARES.overrides.pool, POOL_LIMIT_HANDSHAKE_MS: '120000' };
  stack = await startTestStack({ ...EASY_SHARES, overrides: { ...EASY_SHARES.overrides, pool } });
  context = testContext();
  bus = await connectNats(context, { url: stack.servers.natsUrl });
  wallet = await openWallet(`http://127.0.0.1:${portOf(stack.options, 'mintHttp')}`, stack.identity.wallet);
  await honestWorkIsPaid();
  pids = pidsNow();
  before = await databasesAtRest();
});

afterAll(async () => {
  await context.stop();
  await stack.stop();
});

/** Shares are mined, audited, paid and minted; then nothing is under way. */
async function honestWorkIsPaid(): Promise<void> {
  const held = wallet.balance();
  const load = startEasyLoad(stack, { ratePerSecond: 40, connections: 1 });
  const paid = await until(
    () => wallet.quotes(true),
    (quotes) => quotes.length > 0,
    60_000,
  );
  await load.stop();
  await everythingSettles();
  for (const quote of paid) await wallet.mint(quote);
  expect(wallet.balance()).toBeGreaterThan(held);
  await everythingSettles();
}

async function everythingSettles(): Promise<void> {
  const count = (name: 'pool' | 'auditor' | 'mint', collection: string, filter: object) =>
    stack.database(name).collection(collection).countDocuments(filter);
  const underWay = async () => [
    await count('pool', 'batches', { state: { $nin: ['valid', 'invalid'] } }),
    await count('auditor', 'batches', { state: { $nin: ['VALID', 'INVALID'] } }),
    await count('mint', 'quotes', { state: 'PENDING' }),
    await count('mint', 'operations', { projected: { $ne: true } }),
    ...(await Promise.all((['pool', 'auditor', 'mint'] as const).map(unsent))),
  ];
  await until(underWay, (counts) => counts.every((left) => left === 0), 60_000);
}

async function unsent(name: 'pool' | 'auditor' | 'mint'): Promise<number> {
  const collections = ['batches', 'quotes', 'operations', 'templates'];
  const counts = collections.map((each) =>
    stack
      .database(name)
      .collection(each)
      .countDocuments({ 'outbox.0': { $exists: true } }),
  );
  return (await Promise.all(counts)).reduce((sum, left) => sum + left, 0);
}

/** Everything in the databases that strangers must not move. */
async function databases(): Promise<string> {
  const found: Record<string, unknown> = {};
  for (const name of SERVICES) {
    const database = stack.database(name);
    const collections = await database.listCollections().toArray();
    for (const { name: collection } of collections.filter((each) => !LEFT_OUT.includes(each.name))) {
      const documents = COMPARED.includes(collection)
        ? await database.collection(collection).find().sort({ _id: 1 }).toArray()
        : await database.collection(collection).countDocuments();
      found[`${name}.${collection}`] = documents;
    }
  }
  return JSON.stringify(found, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value), 1);
}

/** Statistics are written now and then: at rest is what stays the same for longer than that. */
async function databasesAtRest(): Promise<string> {
  const seen = { text: '', since: 0 };
  const watch = async () => {
    const text = await databases();
    if (text !== seen.text) Object.assign(seen, { text, since: performance.now() });
    return performance.now() - seen.since;
  };
  await until(watch, (restedMs) => restedMs > 11_000, 60_000);
  return seen.text;
}

/** All services are the processes that they were, ready, with the data that they had. */
async function nothingHappened(): Promise<void> {
  for (const { service, metricsPort } of stack.instances) {
    const ready = await fetch(`http://127.0.0.1:${metricsPort}/readyz`);
    expect([service, ready.status]).toEqual([service, 200]);
  }
  expect(pidsNow()).toEqual(pids);
  for (const name of ['pool', 'auditor', 'mint'] as const) {
    expect(await stack.database(name).collection('deadLetters').find({ class: 'ERROR' }).toArray()).toEqual([]);
  }
  expect(await databases()).toBe(before);
}

async function limitHits(limit: string): Promise<number> {
  const pools = stack.instances.filter(({ service }) => service === 'pool');
  return sumOf(await scrape(pools.map(({ metricsPort }) => metricsPort)), 'assay_pool_limit_hits_total', { limit });
}

/** Says the lines on one connection; whether it still stands after them. */
async function stillStandsAfter(lines: readonly Buffer[]): Promise<boolean> {
  const miner = await openRawMiner(stratum());
  miner.send(...lines);
  const stands = await miner.pong();
  for (const line of miner.lines) expect(() => JSON.parse(line) as unknown, line).not.toThrow();
  miner.socket.destroy();
  return stands;
}

test('requests of Stratum with anything in their places', { timeout: 180_000 }, async () => {
  const requests = stratumRequests(2_400, SEED);
  let stood = 0;
  while (requests.length > 0) stood += Number(await stillStandsAfter(requests.splice(0, 8)));
  expect(stood).toBeGreaterThan(100);
  await nothingHappened();
});

test('lines of Stratum that are none', { timeout: 180_000 }, async () => {
  let cut = 0;
  for (const line of stratumLines(500, SEED)) cut += Number(!(await stillStandsAfter([line])));
  expect(cut).toBeGreaterThan(250);
  await nothingHappened();
});

/** A miner with a job, and the parameters of a share of it that would be accepted. */
async function miningMiner(): Promise<{ miner: RawMiner; honest: string[] }> {
  const miner = await openRawMiner(stratum());
  const username = `${stack.identity.wallet.locking}.rig0`;
  miner.send(
    JSON.stringify({ id: 'c', method: 'mining.configure', params: [['version-rolling'], {}] }),
    JSON.stringify({ id: 's', method: 'mining.subscribe', params: [] }),
    JSON.stringify({ id: 'a', method: 'mining.authorize', params: [username, `d=${2 ** -32},max=${2 ** -32}`] }),
  );
  const job = await miner.answer((line) =>
    line.includes('mining.notify"') && line.includes('"id":null') ? line : undefined,
  );
  const { params } = JSON.parse(job ?? '{"params":[]}') as { params: string[] };
  const [id = '', , , , , , , ntime = ''] = params;
  return { miner, honest: [username, id, '00000000000000aa', ntime, '00000000', '00002000'] };
}

test('shares with something wrong in their hex', { timeout: 120_000 }, async () => {
  const reasons = new Map<string, number>();
  for (let round = 0; round < 6; round += 1) {
    const { miner, honest } = await miningMiner();
    badSubmits(honest, 60, SEED + round).forEach((params, id) => {
      miner.send(JSON.stringify({ id: id + 1_000, method: 'mining.submit', params }));
    });
    expect(await miner.pong()).toBe(true);
    const answers = miner.lines.filter((line) => /"id":1\d{3}/.test(line));
    expect(answers).toHaveLength(60);
    for (const line of answers) {
      const { result, error } = JSON.parse(line) as { result: unknown; error: [number, string] | null };
      expect(result).toBeNull();
      reasons.set(error?.[1] ?? '', (reasons.get(error?.[1] ?? '') ?? 0) + 1);
    }
    miner.socket.destroy();
  }
  expect([...reasons.keys()].sort()).toEqual(['job-not-found', 'malformed', 'unauthorized']);
  await nothingHappened();
});

test('a line of 16,384 bytes is read; a longer one, or two megabytes without an end, is cut', async () => {
  const hits = await limitHits('line');
  const padded = (bytes: number) => {
    const empty = JSON.stringify({ id: '', method: 'mining.ping', params: [] });
    return JSON.stringify({ id: 'x'.repeat(bytes - empty.length - 1), method: 'mining.ping', params: [] });
  };
  const fits = await openRawMiner(stratum());
  fits.send(padded(16_384));
  expect(await fits.answer((line) => line.includes('"pong"') || undefined)).toBe(true);
  fits.socket.destroy();
  const long = await openRawMiner(stratum());
  long.send(padded(16_385));
  await long.closed;
  expect(long.lines).toEqual([]);
  const endless = await openRawMiner(stratum());
  endless.socket.write(Buffer.alloc(2_000_000, 'x'));
  await endless.closed;
  expect(await limitHits('line')).toBe(hits + 2);
  await nothingHappened();
});

test('a miner that does not read is closed, and the others are answered', { timeout: 60_000 }, async () => {
  const hits = await limitHits('output');
  const slow = await openRawMiner(stratum());
  slow.socket.pause();
  const ping = JSON.stringify({ id: 'x'.repeat(15_000), method: 'mining.ping', params: [] });
  let over = false;
  void slow.closed.then(() => (over = true));
  const talk = () => {
    if (!over) slow.send(...Array<string>(40).fill(ping));
    return limitHits('output');
  };
  await until(talk, (now) => now === hits + 1, 45_000);
  const other = await openRawMiner(stratum());
  expect(await other.pong()).toBe(true);
  other.socket.destroy();
  slow.socket.destroy();
  await nothingHappened();
});

/** Every consumer has finished with everything that was published. */
async function allConsumed(): Promise<void> {
  const left = async () => {
    let count = 0;
    for (const stream of ['POOL', 'AUDITOR', 'AUDITOR_TASKS', 'MINT']) {
      for await (const consumer of bus.jsm.consumers.list(stream)) {
        count += consumer.num_pending + consumer.num_ack_pending;
      }
    }
    return count;
  };
  await until(left, (count) => count === 0, 60_000);
}

let messages = 0;
const publish = (subject: string, body: Uint8Array) =>
  publishMessage(bus, { id: `bad ${(messages += 1)}`, subject, body });

test('bytes on every subject that are no message of it', { timeout: 120_000 }, async () => {
  const subjects = new Set(Object.values(CATALOGUE).map(({ subject }) => subject));
  let seed = SEED;
  for (const subject of subjects) {
    await Promise.all(randomMessages(60, (seed += 1)).map((body) => publish(subject, body)));
  }
  await allConsumed();
  await nothingHappened();
});

test('true messages with damaged bytes, where a key has signed them', { timeout: 120_000 }, async () => {
  const signed: string[] = [
    CATALOGUE['pool.batch.accepted'].subject,
    CATALOGUE['pool.template.declared'].subject,
    CATALOGUE['auditor.verdict.given'].subject,
    CATALOGUE['auditor.template.judged'].subject,
  ];
  for (const subject of signed) {
    const stream = subject.includes('.pool.') ? 'POOL' : 'AUDITOR';
    const stored = await bus.jsm.streams.getMessage(stream, { last_by_subj: subject });
    if (stored === null) throw new Error(`nobody ever published ${subject}`);
    await Promise.all(damaged(stored.data, 150, SEED).map((body) => publish(subject, body)));
  }
  await allConsumed();
  await nothingHappened();
});

const PATHS = [
  'swap',
  'mint/ehash',
  'mint/%00',
  'mint/quote/ehash',
  'mint/quote/ehash/pubkey',
  'checkstate',
  'restore',
];

/** The mint refuses by the announced length and closes: whoever still writes then may find the connection cut off. */
async function answerToHugeBody(url: string): Promise<string> {
  try {
    const body = Buffer.alloc(3_000_000, '[');
    return String((await fetch(url, { method: 'POST', body, headers: { connection: 'close' } })).status);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
    if (code === 'EPIPE' || code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'cut off';
    throw error;
  }
}

test('bodies of requests to the mint', { timeout: 120_000 }, async () => {
  const base = `http://127.0.0.1:${portOf(stack.options, 'mintHttp')}/v1/`;
  const statuses = new Map<number, number>();
  const bodies = requestBodies(700, SEED).map((body) => Buffer.from(body));
  for (const path of PATHS) {
    for (let at = 0; at < bodies.length; at += 50) {
      await Promise.all(
        bodies.slice(at, at + 50).map(async (body) => {
          const response = await fetch(`${base}${path}`, { method: 'POST', body });
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          expect(await response.json(), `${path} ${body.subarray(0, 200).toString()}`).toBeTypeOf('object');
        }),
      );
    }
  }
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  expect(statuses.get(400)).toBeGreaterThan(1_000);
  for (const path of PATHS) expect(['400', 'cut off']).toContain(await answerToHugeBody(`${base}${path}`));
  await nothingHappened();
});

test('noise on the ports of every service', { timeout: 60_000 }, async () => {
  const ports = stack.instances.flatMap(({ ports: own, metricsPort }) => [...Object.values(own), metricsPort]);
  for (const port of ports) {
    for (const noise of randomMessages(10, SEED + port)) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
        socket.end(Buffer.from(noise));
        socket.resume();
        socket.setTimeout(2_000, () => socket.destroy());
      });
    }
  }
  await nothingHappened();
});

test('afterwards a share becomes ecash as before', { timeout: 90_000 }, honestWorkIsPaid);
