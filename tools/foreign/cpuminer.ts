import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CACHE } from '@assay/testkit/find-server';
import { stackClients, type StackClients } from '../stack/clients.ts';
import { freePortBase } from '../stack/free-port-base.ts';
import { DEFAULT_OPTIONS } from '../stack/options.ts';
import { portOf } from '../stack/port-plan.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import { until } from '../stack/until.ts';

// npm run foreign:cpuminer -- PATH: pooler cpuminer, which knows neither configure nor extranonce, mines against a stack
// of its own; every share that it was told is accepted must stand in a sealed batch of its key.

const SHARES_WANTED = 20;
const WITHIN_MS = 120_000;

const program = process.argv[2];
if (program === undefined || !existsSync(program)) {
  console.error('usage: npm run foreign:cpuminer -- PATH   (PATH: a built minerd of pooler/cpuminer 2.5.1)');
  process.exit(2);
}

/** Runs the miner until it counted enough accepted shares; resolves with [accepted, all] as the miner prints them. */
function mine(minerd: string, stack: Stack): Promise<readonly [number, number]> {
  const url = `stratum+tcp://127.0.0.1:${portOf(stack.options, 'stratum')}`;
  const user = `${stack.identity.wallet.locking}.cpuminer`;
  const miner = spawn(minerd, ['-a', 'sha256d', '-o', url, '-u', user, '-p', 'x', '-t', '1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => miner.kill(), WITHIN_MS);
  return new Promise((resolve, reject) => {
    let counted: readonly [number, number] = [0, 0];
    const read = (line: string) => {
      console.log(`  minerd: ${line}`);
      const match = /accepted: (\d+)\/(\d+)/.exec(line);
      if (match === null) return;
      counted = [Number(match[1]), Number(match[2])];
      if (counted[1] >= SHARES_WANTED) miner.kill('SIGINT');
    };
    createInterface({ input: miner.stderr }).on('line', read);
    createInterface({ input: miner.stdout }).on('line', read);
    miner.once('error', reject);
    miner.once('close', () => {
      clearTimeout(timer);
      resolve(counted);
    });
  });
}

/** Shares of the key in batches that were judged, and the ehash that was credited for them. */
async function credited(clients: StackClients, lockingKey: Buffer): Promise<{ shares: number; credit: bigint }> {
  const { batches } = await clients.pool.listBatches({
    lockingKey,
    state: 0,
    openedFromMs: 0n,
    openedBeforeMs: 0n,
    pageSize: 500,
    pageToken: '',
  });
  const ids = batches.map((batch) => batch.accepted?.batchId ?? '');
  const judged = await Promise.all(ids.map((batchId) => clients.pool.getBatch({ batchId })));
  const valid = judged.flatMap(({ batch }) => (batch?.verdictCode === 'OK' ? [batch] : []));
  return {
    shares: valid.reduce((sum, batch) => sum + (batch.accepted?.shares.length ?? 0), 0),
    credit: valid.reduce((sum, batch) => sum + batch.credited, 0n),
  };
}

/** Shares of the key that the pool counted as accepted: the miner may end before it reads the last answers. */
async function acceptedByPool(clients: StackClients, lockingKey: Buffer): Promise<number> {
  const { workers } = await clients.pool.listWorkers({ lockingKey, activeSinceMs: 0n, pageSize: 500, pageToken: '' });
  const counts = workers.flatMap(({ shares }) => shares.filter(({ reason }) => reason === 'accepted'));
  return counts.reduce((sum, { count }) => sum + Number(count), 0);
}

mkdirSync(join(CACHE, 'run'), { recursive: true });
const options = {
  ...DEFAULT_OPTIONS,
  portBase: await freePortBase(),
  dataDir: mkdtempSync(join(CACHE, 'run/foreign-')),
  windowMs: 1_000,
};
const stack = await startStack({ options, tell: console.log });
const clients = stackClients(options);
try {
  const [accepted, all] = await mine(program, stack);
  const key = Buffer.from(stack.identity.wallet.locking, 'hex');
  const found = await until(
    async () => ({ ...(await credited(clients, key)), ofPool: await acceptedByPool(clients, key) }),
    ({ shares, ofPool }) => shares >= accepted && shares === ofPool,
    60_000,
  );
  const good = accepted >= SHARES_WANTED * 0.9 && found.shares >= accepted && found.shares === found.ofPool;
  console.log(`minerd: ${accepted} of ${all} accepted, the pool: ${found.ofPool}`);
  console.log(`audited: ${found.shares} shares, ${found.credit} ehash`);
  console.log(good ? 'every accepted share was audited and credited' : 'the counts differ');
  process.exitCode = good ? 0 : 1;
} finally {
  clients.close();
  await stack.stop();
  rmSync(options.dataDir, { recursive: true, force: true });
}
process.exit();
