import { randomInt } from 'node:crypto';
import { adminLog } from '@assay/shared/runtime/admin-log';
import { adminLogCheck, watchAdminLog } from '@assay/shared/runtime/admin-log-check';
import { watchDeadLetters } from '@assay/shared/runtime/dead-letter-gauge';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { holdLease } from '@assay/shared/runtime/leases';
import { connectMongo } from '@assay/shared/runtime/mongo';
import { connectNats, untilStreamsExist, natsReady } from '@assay/shared/runtime/nats';
import { startRelay } from '@assay/shared/runtime/outbox';
import { runService, type ServiceContext } from '@assay/shared/runtime/service';
import { tlsFilesOf } from '@assay/shared/runtime/tls';
import { bitcoinNodes } from './adapters/bitcoind/nodes.ts';
import { mintControl } from './adapters/grpc/mint-control.ts';
import { poolBodies } from './adapters/grpc/pool-bodies.ts';
import { serveAuditor } from './adapters/grpc/serve.ts';
import { auditorStores, ensureAuditorDatabase, OUTBOXES } from './adapters/mongo/stores.ts';
import { consumeFacts } from './adapters/nats/intake-consumers.ts';
import { consumeTasks } from './adapters/nats/task-consumers.ts';
import { taskProgress, taskQueue } from './adapters/nats/task-queue.ts';
import { type AuditorConfig, auditorConfig, poolsOf, quorumOf } from './config.ts';
import { verdictSigner } from './domain/verdict.ts';
import { startParts } from './parts.ts';

const STREAMS = ['POOL', 'MINT', 'AUDITOR_TASKS', 'AUDITOR', 'DLQ', 'ADVISORY'] as const;
const LEASE_MS = 15_000;

async function start(context: ServiceContext, config: AuditorConfig): Promise<void> {
  const { clock, instance: owner } = context;
  const tls = tlsFilesOf(config);
  const db = await connectMongo(context, { uri: config.MONGODB_URI, database: config.AUDITOR_MONGODB_DATABASE });
  await ensureAuditorDatabase(db);
  const bus = await connectNats(context, { url: config.NATS_URL });
  context.readiness('nats', () => natsReady(bus));
  await untilStreamsExist(context, bus, STREAMS);
  const letters = deadLetterStore(db, 'auditor');
  watchDeadLetters(context, letters);
  watchAdminLog(context, adminLogCheck(db));
  const relay = startRelay(context, db, bus, OUTBOXES);
  const options = { owner, settleGraceMs: config.AUDITOR_SWEEP_SETTLE_GRACE_MS, relay };
  const bodySource = poolBodies(config.AUDITOR_POOLS, { tls });
  const mint = mintControl(config.AUDITOR_MINT_URL, { tls });
  context.onStop('work', 'clients of pools and mint', () => [bodySource, mint].forEach((client) => client.close()));
  const running = startParts(context, config, {
    stores: auditorStores(db, letters, options),
    pools: poolsOf(config),
    nodes: bitcoinNodes(config.AUDITOR_NODES, config.AUDITOR_NODE_TIMEOUT_MS),
    quorum: quorumOf(config),
    queue: taskQueue(bus),
    progress: taskProgress(bus, clock),
    signer: verdictSigner(config.AUDITOR_KEY_FILE),
    dice: (max) => randomInt(max),
    lease: (part) => holdLease(context, db, { name: `auditor-${part}`, ttlMs: LEASE_MS }),
    consumeFacts: (ports) => consumeFacts(context, db, bus, ports),
    consumeTasks: (tasks) => consumeTasks(context, db, bus, tasks),
    ...{ bodySource, mint },
  });
  await serveAuditor(context, config, { ...running, log: adminLog(db, clock), letters });
}

await runService({ name: 'auditor', config: auditorConfig, grpcPort: ({ AUDITOR_GRPC_PORT: port }) => port, start });
