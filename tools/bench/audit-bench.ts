import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { type HostilePool, startHostilePool } from '@assay/testkit/hostile-pool';
import { type NodeTemplate, partsOfNodeTemplate } from '@assay/testkit/hostile-template';
import { type BitcoindServer, startBitcoind } from '@assay/testkit/servers';
import { portOf } from '../stack/port-plan.ts';
import { POOL_ID } from '../stack/service-plan.ts';
import { until } from '../stack/until.ts';
import { type BenchContext, type Benchmark, type Figures, rounded, scaled } from './benchmark.ts';
import { measureCpu } from './cpu-usage.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { publishAll, untilStreamHolds } from './event-flow.ts';

const BATCHES = 1_500;
const SHARES = 20;
const MINERS = 50;
/** Every hash meets it: mining for a benchmark costs nothing, and checking costs the same. */
const ANY_HASH = new Uint8Array(32).fill(0xff);
const TEMPLATE_JUDGED_MS = 30_000;

export const auditBench: Benchmark = {
  name: 'audit',
  method:
    `${BATCHES} batches of ${SHARES} shares of ${MINERS} keys on one judged template, signed beforehand by a pool of the testkit, ` +
    'published at full speed while the auditors wait; batches/s from the first publish to the last verdict in the stream; ' +
    'first one auditor process, then a second beside it on other batches; CPU seconds from /proc, load = the publisher',
  run: async (context) => {
    const node = await startBitcoind({ chain: 'regtest' });
    try {
      return await withNode(context, node);
    } finally {
      await node.stop();
    }
  },
};

interface Bench {
  readonly context: BenchContext;
  readonly deployment: Deployment;
  readonly pool: HostilePool;
}

async function withNode(context: BenchContext, node: BitcoindServer): Promise<Figures> {
  const { profileDir } = context;
  const deployment = await startDeployment({
    ...{ node, profileDir },
    overrides: () => ({}),
    replicas: { auditor: 2 },
  });
  const pool = await startHostilePool({
    natsUrl: deployment.natsUrl,
    poolId: POOL_ID,
    creditShift: deployment.options.creditShift,
    poolSecret: fromHex(readFileSync(deployment.identity.poolKeyFile, 'utf8').trim()),
    script: payoutScript(deployment),
    grpcPort: portOf(deployment.options, 'poolGrpc'),
  });
  const bench: Bench = { context, deployment, pool };
  try {
    context.tell('audit: starting an auditor, preparing batches');
    await deployment.start('auditor');
    const [first, second] = await prepareBatches(bench, node);
    const one = await judge(bench, first, 'one auditor');
    await deployment.start('auditor-1');
    const two = await judge(bench, second, 'two auditors');
    await assertAllValid(deployment, first.length + second.length);
    return {
      oneAuditor: one,
      twoAuditors: two,
      throughputRatio: rounded(two.batchesPerS / one.batchesPerS),
      cpuPerBatchRatio: rounded(two.auditorCpuMsPerBatch / one.auditorCpuMsPerBatch),
    };
  } finally {
    await pool.stop();
    await deployment.stop();
  }
}

function payoutScript(deployment: Deployment): Uint8Array {
  const [pool] = JSON.parse(deployment.setting('auditor', 'AUDITOR_POOLS')) as { scripts: string[] }[];
  return fromHex(pool?.scripts[0] ?? '');
}

/** Two rounds of batches on one template that the auditor has judged already. */
async function prepareBatches({ context, pool, deployment }: Bench, node: BitcoindServer) {
  const template = (await node.rpc('getblocktemplate', { rules: ['segwit'] })) as NodeTemplate;
  const declared = await pool.declare(partsOfNodeTemplate(template, pool));
  const client = await MongoClient.connect(deployment.mongoUri);
  const isJudged = (states: readonly unknown[]) => states.includes('VALID');
  const templates = client.db('auditor').collection('templates');
  await until(() => templates.distinct('state'), isJudged, TEMPLATE_JUDGED_MS).finally(() => client.close());
  const miners = Array.from({ length: MINERS }, () => ({ ...pool.newMiner(), prefix: toHex(randomBytes(4)) }));
  const round = () =>
    Array.from({ length: scaled(BATCHES, context) }, (_, index) => {
      const miner = miners[index % MINERS] ?? { ...pool.newMiner(), prefix: '' };
      const shares = pool.mine(declared, SHARES, { prefix: miner.prefix, target: ANY_HASH });
      return pool.batch(miner, declared, shares, undefined, { target: ANY_HASH });
    });
  return [round(), round()] as const;
}

async function judge({ context, deployment, pool }: Bench, batches: readonly BatchAccepted[], who: string) {
  context.tell(`audit: ${batches.length} batches for ${who}`);
  const { state } = await pool.bus.jsm.streams.info('AUDITOR');
  const used = measureCpu({ ...deployment.pids(), load: process.pid });
  const startedAt = performance.now();
  await publishAll(pool.bus, 'pool.batch.accepted', batches);
  await untilStreamHolds(pool.bus, 'AUDITOR', state.messages + batches.length);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuSeconds = used();
  const auditors = (cpuSeconds['auditor'] ?? 0) + (cpuSeconds['auditor-1'] ?? 0);
  const figures = {
    batchesPerS: rounded(batches.length / seconds),
    sharesPerS: rounded((batches.length * SHARES) / seconds),
    auditorCpuMsPerBatch: rounded((1_000 * auditors) / batches.length),
    seconds: rounded(seconds),
    cpuSeconds,
  };
  context.tell(`audit: ${figures.batchesPerS} batches/s by ${who}`);
  return figures;
}

/** Speed counts only when each batch was judged, and found to be what it is: valid. */
async function assertAllValid(deployment: Deployment, expected: number): Promise<void> {
  const client = await MongoClient.connect(deployment.mongoUri);
  try {
    const batches = client.db('auditor').collection('batches');
    const valid = await batches.countDocuments({ state: 'VALID', code: 'OK' });
    if (valid !== expected) {
      const groups = [{ $group: { _id: { state: '$state', code: '$code' }, count: { $sum: 1 } } }];
      const found = await batches.aggregate(groups).toArray();
      throw new Error(`${valid} of ${expected} batches are VALID: ${JSON.stringify(found)}`);
    }
  } finally {
    await client.close();
  }
}
