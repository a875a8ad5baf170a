import { assertNativeCurve } from '@assay/shared/kernel/cashu-curve';
import { connectMongo } from '@assay/shared/runtime/mongo';
import { startRelay } from '@assay/shared/runtime/outbox';
import { runService, type ServiceContext } from '@assay/shared/runtime/service';
import { serveGrpc } from './adapters/grpc/serve.ts';
import { startHttpServer } from './adapters/http/http-server.ts';
import { mongoEarlyVerdicts } from './adapters/mongo/early-verdicts.ts';
import { mongoStores, OUTBOX_COLLECTIONS } from './adapters/mongo/stores.ts';
import { connectBus } from './adapters/nats/connect-bus.ts';
import { natsControlNotes } from './adapters/nats/control-notes.ts';
import { consumeFacts } from './adapters/nats/facts.ts';
import { VERDICTS_DURABLE } from './adapters/nats/verdicts.ts';
import { randomQuoteIds } from './adapters/random/quote-ids.ts';
import { connectPayments } from './adapters/payments/connect-payments.ts';
import { connectSignatory } from './adapters/signatory/connect-signatory.ts';
import { startBackground } from './adapters/timers/background.ts';
import { startControl } from './adapters/timers/control.ts';
import { startFundSweeper } from './adapters/timers/fund-sweeper.ts';
import { startPayments } from './adapters/timers/payments.ts';
import { startProjector } from './adapters/timers/projector.ts';
import {
  CONFIG,
  grpcPortsOf,
  httpOptionsOf,
  lightningOf,
  type MintConfig,
  signersOf,
  walletRulesOf,
} from './config.ts';

async function start(context: ServiceContext, config: MintConfig): Promise<void> {
  assertNativeCurve();
  const db = await connectMongo(context, { uri: config.MONGODB_URI, database: config.MINT_MONGODB_DATABASE });
  const stores = await mongoStores(context, db);
  const { clock, controlStore, reader } = stores;
  const { signatory, keysets } = connectSignatory(context, config);
  const control = await startControl(context, controlStore);
  const projection = startProjector(context, { ...stores, operations: stores.unprojected });
  const quoteIds = randomQuoteIds(clock);
  const lightning = lightningOf(config);
  const lightningPorts = startPayments(context, stores, await connectPayments(context, db, lightning), lightning.rules);
  const wallets = {
    ...{ ...walletRulesOf(config), ...stores, ...lightningPorts },
    ...{ quotes: reader, quoteIds, control, keysets, projection, signatory },
  };
  await startHttpServer(context, wallets, httpOptionsOf(config));

  // Wallets are served without NATS: events wait in the outboxes.
  const bus = await connectBus(context, config.NATS_URL);
  startRelay(context, db, bus, OUTBOX_COLLECTIONS);
  const pause = { control: controlStore, notes: natsControlNotes(context, bus, control.refresh), clock };
  const earlyVerdicts = mongoEarlyVerdicts(db, clock, VERDICTS_DURABLE);
  consumeFacts(context, db, bus, { ...stores, ...signersOf(config), quoteIds, earlyVerdicts, pause });
  startBackground(context, db, { ...stores, ...pause, keysets, recountEveryMs: config.MINT_SUPPLY_CHECK_MS });
  startFundSweeper(context, stores);
  const { catchUp } = projection;
  const fundedUnits = new Set(config.MINT_FUNDED_UNITS);
  await serveGrpc(context, grpcPortsOf(config), { ...stores, quoteIds, control, keysets, pause, fundedUnits, catchUp });
}

await runService({ name: 'mint', config: CONFIG, grpcPort: ({ MINT_GRPC_PORT: port }) => port, start });
