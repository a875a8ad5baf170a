import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '@assay/testkit/find-server';
import { hashOf } from '../../load/stratum-connection.ts';
import { type EhashWallet, openWallet } from '../../wallet/ehash-wallet.ts';
import { stackClients } from '../clients.ts';
import { portOf } from '../port-plan.ts';
import { until } from '../until.ts';
import { EASY_SHARES, startEasyLoad } from './easy-shares.ts';
import { startTestStack, type TestStack } from './stack-fixture.ts';

// Every process is killed five times at seeded times under load; then what miners were told, what each service stored,
// and what the wallet holds must agree to the last share.

const KILLED = ['pool', 'auditor', 'mint', 'signatory', 'nats-server', 'mongod'] as const;
const ROUNDS = 5;
const SUBMITS_PER_S = 300;
const SEED = 20_261_126;

let stack: TestStack;
let wallet: EhashWallet;
const acknowledged = new Set<string>();

beforeAll(async () => {
  stack = await startTestStack(EASY_SHARES);
  wallet = await openWallet(`http://127.0.0.1:${portOf(stack.options, 'mintHttp')}`, stack.identity.wallet);
});

afterAll(() => stack.stop());

/** mulberry32: the same seed gives the same times of death. */
function seededFractions(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function mintWhatIsPaid(): Promise<void> {
  for (const quote of await wallet.quotes(true)) await wallet.mint(quote);
}

async function mintInBackground(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await mintWhatIsPaid().catch(() => undefined);
    await wait(500, undefined, { signal }).catch(() => undefined);
  }
}

test('five kills of every process lose no acknowledged share and pay none twice', { timeout: 420_000 }, async () => {
  const fraction = seededFractions(SEED);
  const load = startEasyLoad(stack, {
    ratePerSecond: SUBMITS_PER_S,
    answered: (share, answer) => answer === true && acknowledged.add(hashOf(share)),
  });
  const minting = new AbortController();
  const minted = mintInBackground(minting.signal);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of KILLED) {
      await wait(200 + 800 * fraction());
      const process = stack.process(name);
      await process.kill();
      await wait(300 * fraction());
      await process.restart();
    }
  }
  await until(
    async () => acknowledged.size,
    (size) => size > 0,
    10_000,
  );
  await wait(2_000);
  await load.stop();
  await everythingSettles();
  minting.abort();
  await minted;
  await mintWhatIsPaid();
  console.log(
    `crash test, seed ${SEED}: ${acknowledged.size} shares acknowledged, ${wallet.balance()} ehash in the wallet`,
  );
  expect(acknowledged.size).toBeGreaterThan(1_000);
});

/** Nothing is stuck after 60 s: all batches sealed and judged, all quotes settled, all outboxes empty. */
async function everythingSettles(): Promise<void> {
  const count = (name: 'pool' | 'auditor' | 'mint', collection: string, filter: object) =>
    stack.database(name).collection(collection).countDocuments(filter);
  const unsettled = async () => ({
    open: await count('pool', 'batches', { state: 'open' }),
    unjudged: await count('pool', 'batches', { state: 'sealed' }),
    queued: await count('auditor', 'batches', { state: { $nin: ['VALID', 'INVALID'] } }),
    pending: await count('mint', 'quotes', { state: 'PENDING' }),
    // What a killed mint held comes again after the ack wait.
    unquoted: (await count('pool', 'batches', {})) - (await count('mint', 'quotes', {})),
    unsent: await count('pool', 'batches', { 'outbox.0': { $exists: true } }),
    untold: await count('auditor', 'batches', { 'outbox.0': { $exists: true } }),
  });
  await until(unsettled, (left) => Object.values(left).every((number) => number === 0), 60_000);
}

test('every share that a miner was told is accepted stands in exactly one sealed batch', async () => {
  const batches = await stack.database('pool').collection('batches').find({}).toArray();
  const places = new Map<string, number>();
  for (const batch of batches) {
    expect(batch['state']).toBe('valid');
    for (const hash of batch['shareHashes'] as (Buffer | string)[]) {
      const hex = typeof hash === 'string' ? hash : hash.toString('hex');
      places.set(hex, (places.get(hex) ?? 0) + 1);
    }
  }
  expect([...acknowledged].filter((hash) => !places.has(hash))).toEqual([]);
  expect([...places].filter(([, times]) => times !== 1)).toEqual([]);
});

test("the pool's own check finds its chains, carries and credits whole", async () => {
  const run = promisify(execFile);
  const program = join(ROOT, 'apps/pool/src/recount/main.ts');
  const { stdout } = await run(process.execPath, [program], {
    env: { ...process.env, MONGODB_URI: stack.servers.mongoUri },
  });
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, open: 0, waiting: 0, violations: [] });
});

test('every batch has one verdict, and every quote was settled once', async () => {
  const batches = await stack.database('pool').collection('batches').countDocuments({});
  const verdicts = await stack.database('auditor').collection('batches').countDocuments({ state: 'VALID' });
  const quotes = await stack.database('mint').collection('quotes').find({}).toArray();
  expect(verdicts).toBe(batches);
  expect(quotes).toHaveLength(batches);
  for (const quote of quotes) {
    expect(['PAID', 'ISSUED']).toContain(quote['state']);
    expect(quote['amountPaid']).toBe(quote['amountRequested']);
  }
  expect(await stack.database('mint').collection('deadLetters').countDocuments({})).toBe(0);
});

test('supply, operations and the wallet agree on what was minted', async () => {
  const clients = stackClients(stack.options);
  const operations = await stack.database('mint').collection('operations').find({ kind: 'MINT' }).toArray();
  const outputs = operations.flatMap((operation) => operation['outputs'] as { amount: bigint }[]);
  const inOperations = outputs.reduce((sum, output) => sum + output.amount, 0n);
  const supply = await until(
    () => clients.mint.getSupply({ atMs: 0n }),
    ({ units }) => units[0]?.minted === inOperations,
    10_000,
  );
  clients.close();
  expect(supply.units[0]?.outstanding).toBe(inOperations);
  expect(wallet.balance()).toBe(inOperations);
});
