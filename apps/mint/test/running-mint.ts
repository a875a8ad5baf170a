import { MintAdminServiceService, MintServiceService } from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { StreamName } from '@assay/proto/streams';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import type { ServiceDefinition } from '@assay/shared/runtime/grpc-definition';
import { startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { connectNats, ensureStreams } from '@assay/shared/runtime/nats';
import { startRelay } from '@assay/shared/runtime/outbox';
import { testContext } from '@assay/testkit/context';
import type { Db } from 'mongodb';
import { mintAdminService } from '../src/adapters/grpc/mint-admin-service.ts';
import { mintService } from '../src/adapters/grpc/mint-service.ts';
import { mongoEarlyVerdicts } from '../src/adapters/mongo/early-verdicts.ts';
import { mongoStores, OUTBOX_COLLECTIONS } from '../src/adapters/mongo/stores.ts';
import { natsControlNotes } from '../src/adapters/nats/control-notes.ts';
import { consumeFacts } from '../src/adapters/nats/facts.ts';
import { VERDICTS_DURABLE } from '../src/adapters/nats/verdicts.ts';
import { randomQuoteIds } from '../src/adapters/random/quote-ids.ts';
import { startControl } from '../src/adapters/timers/control.ts';
import { startFundSweeper } from '../src/adapters/timers/fund-sweeper.ts';
import { startProjector } from '../src/adapters/timers/projector.ts';
import { HASH_UNIT, SAT_UNIT } from '../src/domain/unit.ts';
import type { Quotes } from '../src/ports.ts';
import { KEYSET } from './committed-operations.ts';
import { aKeyset, memoryKeysets } from './memory-keys.ts';
import { AUDITOR_KEYS, POOLS } from './signed-facts.ts';

const FUNDED_UNITS = new Set([HASH_UNIT, SAT_UNIT]);

const STREAMS: readonly StreamName[] = ['POOL', 'AUDITOR', 'MINT', 'DLQ', 'ADVISORY'];

export interface RunningOptions {
  readonly db: Db;
  readonly natsUrl: string;
  /** Pools of this instance's configuration. */
  readonly pools?: ReadonlyMap<string, string>;
  /** Puts something between the flows and the stored quotes. */
  readonly around?: (quotes: Quotes) => Quotes;
}

/** One instance as `main.ts` wires it, but for HTTP and the signatory, in this process. */
export async function runMint({ db, natsUrl, pools = POOLS, around = (quotes) => quotes }: RunningOptions) {
  const context = testContext({ name: 'mint' });
  const stored = await mongoStores(context, db);
  const stores = { ...stored, quotes: around(stored.quotes) };
  const { clock, controlStore } = stores;
  const keysets = memoryKeysets([KEYSET, aKeyset({ name: 'sat', unit: SAT_UNIT })]);
  const control = await startControl(context, controlStore);
  const projection = startProjector(context, { ...stores, operations: stores.unprojected });
  const bus = await connectNats(context, { url: natsUrl });
  await ensureStreams(bus, 'mint', STREAMS);
  startRelay(context, db, bus, OUTBOX_COLLECTIONS);
  const pause = { control: controlStore, notes: natsControlNotes(context, bus, control.refresh), clock };
  const signers = { pools, auditorKeys: AUDITOR_KEYS };
  const earlyVerdicts = mongoEarlyVerdicts(db, clock, VERDICTS_DURABLE);
  consumeFacts(context, db, bus, { ...stores, ...signers, quoteIds: randomQuoteIds(clock), earlyVerdicts, pause });
  startFundSweeper(context, stores);
  const quoteIds = randomQuoteIds(clock);
  const { catchUp } = projection;
  const ports = { ...stores, quoteIds, control, keysets, pause, fundedUnits: FUNDED_UNITS, catchUp };
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
  const clients = { teams: teamsAs(), operators: operatorsAs(), teamsAs, operatorsAs };
  return { ...stores, context, bus, control, projection, pause, keysets, ...clients, stop: context.stop };
}

export type RunningMint = Awaited<ReturnType<typeof runMint>>;
