import { assertNativeCurve } from '@assay/shared/kernel/cashu-curve';
import { connectMongo } from '@assay/shared/runtime/mongo';
import { runService, type ServiceContext } from '@assay/shared/runtime/service';
import { connectDeposits } from './adapters/deposits/connect-deposits.ts';
import { serveGrpc } from './adapters/grpc/serve.ts';
import { startHttpServer } from './adapters/http/http-server.ts';
import { renderPayload } from './adapters/http/websocket/payloads.ts';
import { mongoEarlyVerdicts } from './adapters/mongo/early-verdicts.ts';
import { mongoStores, OUTBOX_COLLECTIONS } from './adapters/mongo/stores.ts';
import { natsChangeNotes } from './adapters/nats/change-notes.ts';
import { natsControlNotes } from './adapters/nats/control-notes.ts';
import { joinBus } from './adapters/nats/join-bus.ts';
import { VERDICTS_DURABLE } from './adapters/nats/verdicts.ts';
import { randomQuoteIds } from './adapters/random/quote-ids.ts';
import { startLightning } from './adapters/payments/start-lightning.ts';
import { connectSignatory } from './adapters/signatory/connect-signatory.ts';
import { startBackground } from './adapters/timers/background.ts';
import { startControl } from './adapters/timers/control.ts';
import { patience } from './adapters/timers/patience.ts';
import { startProjector } from './adapters/timers/projector.ts';
import { startRecovery } from './adapters/timers/recovery.ts';
import { startSubscriptions } from './adapters/timers/subscriptions.ts';
import { startTurnover } from './adapters/timers/turnover.ts';
import { fairTurns } from './adapters/timers/turns.ts';
import { CONFIG, type MintConfig, settingsOf } from './config.ts';

async function start(context: ServiceContext, config: MintConfig): Promise<void> {
  assertNativeCurve();
  const settings = settingsOf(config);
  const db = await connectMongo(context, settings.database);
  const changeNotes = natsChangeNotes(context, renderPayload);
  const stores = await mongoStores(context, db, changeNotes);
  const { clock, controlStore, reader } = stores;
  const { signatory, keysets: heard, rotator } = connectSignatory(context, config);
  const keysets = startTurnover(context, { keysets: heard, counters: stores.counters });
  const control = await startControl(context, controlStore);
  const projection = startProjector(context, { ...stores, operations: stores.unprojected });
  const lightning = await startLightning(context, db, stores, settings.lightning);
  const wallets = {
    ...{ ...settings.wallets, ...stores, ...lightning, quoteIds: randomQuoteIds(clock) },
    ...{ quotes: reader, control, keysets, projection, signatory },
    ...{ deposits: connectDeposits(config.MINT_DEPOSIT_ASSETS), patience: patience(context), turns: fairTurns() },
  };
  startRecovery(context, wallets);
  const watched = { operations: stores.watchedOperations, notes: changeNotes, render: renderPayload };
  const subscriptions = startSubscriptions(context, { ...wallets, ...watched }, settings.resyncMs);
  await startHttpServer(context, { ...wallets, subscriptions }, settings.http);
  const controlNotes = natsControlNotes(context, control.refresh);
  const pause = { control: controlStore, notes: controlNotes, clock };
  startBackground(context, db, { ...stores, ...settings, ...pause, keysets: heard, rotator });
  await serveGrpc(context, settings.grpc, { ...wallets, ...stores, ...settings, pause, rotator });

  // Wallets and teams are served, and everything is counted again, without NATS: events wait in the outboxes.
  const earlyVerdicts = mongoEarlyVerdicts(db, clock, VERDICTS_DURABLE);
  const facts = { ...wallets, ...stores, ...settings.signers, earlyVerdicts, pause };
  const notes = [controlNotes, changeNotes];
  joinBus(context, db, { url: config.NATS_URL, notes, facts, outboxes: OUTBOX_COLLECTIONS }).catch(context.failed);
}

await runService({ name: 'mint', config: CONFIG, grpcPort: ({ MINT_GRPC_PORT: port }) => port, start });
