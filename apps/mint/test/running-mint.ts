import { MintAdminServiceService, MintServiceService } from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { StreamName } from '@assay/proto/streams';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import type { ServiceDefinition } from '@assay/shared/runtime/grpc-definition';
import { startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { connectNats, ensureStreams } from '@assay/shared/runtime/nats';
import { startRelay } from '@assay/shared/runtime/outbox';
import { type TestContext, testContext } from '@assay/testkit/context';
import type { Db } from 'mongodb';
import { type AdminServicePorts, mintAdminService } from '../src/adapters/grpc/mint-admin-service.ts';
import { mintService } from '../src/adapters/grpc/mint-service.ts';
import { renderPayload } from '../src/adapters/http/websocket/payloads.ts';
import { mongoEarlyVerdicts } from '../src/adapters/mongo/early-verdicts.ts';
import { mongoStores, OUTBOX_COLLECTIONS } from '../src/adapters/mongo/stores.ts';
import { natsChangeNotes } from '../src/adapters/nats/change-notes.ts';
import { natsControlNotes } from '../src/adapters/nats/control-notes.ts';
import { consumeFacts } from '../src/adapters/nats/facts.ts';
import { VERDICTS_DURABLE } from '../src/adapters/nats/verdicts.ts';
import { randomQuoteIds } from '../src/adapters/random/quote-ids.ts';
import { startControl } from '../src/adapters/timers/control.ts';
import { startFundSweeper } from '../src/adapters/timers/fund-sweeper.ts';
import { startProjector } from '../src/adapters/timers/projector.ts';
import { startSubscriptions } from '../src/adapters/timers/subscriptions.ts';
import { fairTurns } from '../src/adapters/timers/turns.ts';
import { HASH_UNIT, SAT_UNIT } from '../src/domain/unit.ts';
import type { Quotes } from '../src/ports.ts';
import type { ChangeNotes } from '../src/subscription-ports.ts';
import { KEYSET } from './committed-operations.ts';
import { aKeyset, memoryKeysets, memorySignatory } from './memory-keys.ts';
import { AT_ONCE } from './memory-mint.ts';
import { memoryRotator } from './memory-rotator.ts';
import { AUDITOR_KEYS, POOLS } from './signed-facts.ts';

export const IDENTITY_SECRET = Buffer.alloc(32, 7);
const FUNDED_UNITS = new Set([HASH_UNIT, SAT_UNIT]);

const STREAMS: readonly StreamName[] = ['POOL', 'AUDITOR', 'MINT', 'DLQ', 'ADVISORY'];

export interface RunningOptions {
  readonly db: Db;
  readonly natsUrl: string;
  /** Pools of this instance's configuration. */
  readonly pools?: ReadonlyMap<string, string>;
  /** Puts something between the flows and the stored quotes. */
  readonly around?: (quotes: Quotes) => Quotes;
  /** Whether this instance hears notes at the moment; what it does not hear is lost. */
  readonly hears?: () => boolean;
  readonly resyncMs?: number;
}

/** One instance as `main.ts` wires it, but for HTTP and the signatory, in this process. */
export async function runMint({
  db,
  natsUrl,
  pools = POOLS,
  around = (quotes) => quotes,
  hears = () => true,
  resyncMs = 10_000,
}: RunningOptions) {
  const context = testContext({ name: 'mint' });
  const changes = natsChangeNotes(context, renderPayload);
  const stored = await mongoStores(context, db, changes);
  const stores = { ...stored, quotes: around(stored.quotes) };
  const { clock, controlStore } = stores;
  const keysets = memoryKeysets([KEYSET, aKeyset({ name: 'sat', unit: SAT_UNIT })]);
  const control = await startControl(context, controlStore);
  const heard: ChangeNotes = {
    ...changes,
    hear: (listener) => changes.hear((note) => (hears() ? listener(note) : undefined)),
  };
  const observed = {
    ...{ ...stores, quotes: stores.reader, operations: stores.watchedOperations },
    ...{ notes: heard, render: renderPayload, turns: fairTurns() },
  };
  const subscriptions = startSubscriptions(context, observed, resyncMs);
  const projection = startProjector(context, { ...stores, operations: stores.unprojected });
  const bus = await connectNats(context, { url: natsUrl });
  await ensureStreams(bus, 'mint', STREAMS);
  await changes.connect(bus);
  stored.handEventsTo(startRelay(context, db, bus, OUTBOX_COLLECTIONS));
  const controlNotes = natsControlNotes(context, control.refresh);
  controlNotes.connect(bus);
  const pause = { control: controlStore, notes: controlNotes, clock };
  const signers = { pools, auditorKeys: AUDITOR_KEYS };
  const earlyVerdicts = mongoEarlyVerdicts(db, clock, VERDICTS_DURABLE);
  consumeFacts(context, db, bus, { ...stores, ...signers, quoteIds: randomQuoteIds(clock), earlyVerdicts, pause });
  startFundSweeper(context, stores);
  const quoteIds = randomQuoteIds(clock);
  const limits = { inputs: 1_000, outputs: 1_000 };
  const signing = { keysets, signatory: memorySignatory(keysets), limits, turns: AT_ONCE };
  const ports = {
    ...{ ...stores, ...signing, quoteIds, control, projection, pause },
    ...{ fundedUnits: FUNDED_UNITS, rotator: memoryRotator(keysets.all()), identitySecret: IDENTITY_SECRET },
  };
  const clients = await served(context, ports);
  return {
    ...stores,
    context,
    bus,
    subscriptions,
    control,
    projection,
    pause,
    keysets,
    ...clients,
    stop: context.stop,
  };
}

export type RunningMint = Awaited<ReturnType<typeof runMint>>;

/** MintService and MintAdminService on ports of their own, and clients as whoever the test says. */
async function served(context: TestContext, ports: Parameters<typeof mintService>[0] & AdminServicePorts) {
  const serving = { port: 0, allowUnauthenticated: true };
  const port = await startGrpcServer(context, { ...serving, implementations: [mintService(ports)] });
  const adminPort = await startGrpcServer(context, { ...serving, implementations: [mintAdminService(ports)] });
  const clientOf = <S extends ServiceDefinition>(service: S, at: number, caller?: string) => {
    const metadata = caller === undefined ? {} : { metadata: { 'x-assay-caller': caller } };
    const client = grpcClient(service, { url: `127.0.0.1:${at}`, deadlineMs: 10_000, ...metadata });
    context.onStop('grpc', `client ${caller}`, () => client.close());
    return client;
  };
  const teamsAs = (caller?: string) => clientOf(MintServiceService, port, caller);
  const operatorsAs = (caller?: string) => clientOf(MintAdminServiceService, adminPort, caller);
  return { teams: teamsAs(), operators: operatorsAs(), teamsAs, operatorsAs };
}
