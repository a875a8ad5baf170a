import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { CONSUMER_COLLECTIONS } from '@assay/shared/runtime/consumer';
import { grpcServing } from '@assay/shared/runtime/grpc-server';
import { LEASES } from '@assay/shared/runtime/leases';
import { connectMongo, ensureCollections } from '@assay/shared/runtime/mongo';
import { runService, type ServiceContext } from '@assay/shared/runtime/service';
import { bitcoindNodes } from './adapters/bitcoind/nodes.ts';
import { fixedNode } from './adapters/fixed/node.ts';
import { serveGrpc } from './adapters/grpc/serve.ts';
import { requireHasher } from './adapters/hashing/choose-hasher.ts';
import { serveHealth } from './adapters/http/serve-health.ts';
import { POOL_COLLECTIONS } from './adapters/mongo/collections.ts';
import { holdLeases } from './adapters/mongo/hold-leases.ts';
import { mongoStores } from './adapters/mongo/stores.ts';
import { connectBus } from './adapters/nats/connect-bus.ts';
import { poolEvents, poolMessages } from './adapters/nats/events.ts';
import { startSigner } from './adapters/signing/signer.ts';
import { serveStratum } from './adapters/stratum/serve.ts';
import { runPool } from './adapters/timers/run-pool.ts';
import { poolConfig, type PoolConfig, requireSound, rulesOf, stratumSettingsOf } from './config.ts';
import { assemblePool } from './flows/assemble-pool.ts';
import { requireSettings } from './adapters/mongo/require-settings.ts';

async function start(context: ServiceContext, config: PoolConfig): Promise<void> {
  requireSound(config);
  const { clock, instance, log } = context;
  const { name, hashShare } = requireHasher(config.POOL_HASHER);
  log.info({ hasher: name }, 'shares are verified');

  const db = await connectMongo(context, { uri: config.MONGODB_URI, database: config.POOL_MONGODB_DATABASE });
  await ensureCollections(db, [...POOL_COLLECTIONS, ...CONSUMER_COLLECTIONS, LEASES]);
  const stores = mongoStores(db, poolEvents);
  await requireSettings(stores.settings, { poolId: config.POOL_ID, creditShift: config.POOL_CREDIT_SHIFT });

  const leases = holdLeases(context, db);
  const signer = startSigner(config.POOL_KEY_FILE, context.failed);
  context.onStop('work', 'signing thread', () => signer.close());
  const reportFault = (what: string, error: unknown) => log.error({ err: error, what }, 'fault');
  const nodes = sourcesOf(context, config);
  const submitNodes = bitcoindNodes(context, config.POOL_BITCOIND_SUBMIT_ONLY);
  const given = { ...stores, ...leases, clock, instance, signer, hashShare, nodes, submitNodes, reportFault };
  const pool = assemblePool({ ...given, pause: (ms) => pause(ms) }, rulesOf(config, hostname()));
  await runPool(context, pool, leases, config.POOL_TIP_POLL_MS);
  await serveStratum(context, pool, stratumSettingsOf(config));
  await serveGrpc(context, { ...grpcServing(config), port: config.POOL_GRPC_PORT }, pool, {
    ...stores,
    ...poolMessages,
  });
  await serveHealth(context, config.ASSAY_LISTEN_HOST, config.POOL_HTTP_PORT);
  connectBus(context, db, pool, { ...stores, url: config.NATS_URL }).catch(context.failed);
}

function sourcesOf(context: ServiceContext, config: PoolConfig) {
  const file = config.POOL_FIXED_TEMPLATE_FILE;
  const fixed = config.POOL_TEMPLATE_SOURCE === 'fixed' && file !== undefined;
  return fixed ? [fixedNode(file, () => context.clock.now())] : bitcoindNodes(context, config.POOL_BITCOIND);
}

await runService({ name: 'pool', config: poolConfig, grpcPort: ({ POOL_GRPC_PORT: port }) => port, start });
