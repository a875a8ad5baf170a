import { assertNativeCurve } from '@assay/shared/kernel/cashu-curve';
import { grpcServing, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { connectMongo, ensureCollections } from '@assay/shared/runtime/mongo';
import { runService, type ServiceContext } from '@assay/shared/runtime/service';
import { signatoryService } from './adapters/grpc/signatory-service.ts';
import { mongoUnitStore, UNITS } from './adapters/mongo/unit-store.ts';
import { forbidDebugger } from './adapters/process/forbid-debugger.ts';
import { forbidMemoryDumps } from './adapters/process/forbid-memory-dumps.ts';
import { inlineSigner } from './adapters/workers/inline-signer.ts';
import { workerSigner } from './adapters/workers/worker-signer.ts';
import { CONFIG, masterSecretOf, type SignatoryConfig, unitSettingsOf } from './config.ts';
import { issueLimiter } from './flows/blind-sign.ts';
import { createFirstKeysets } from './flows/create-first-keysets.ts';
import { openKeyring } from './flows/keyring.ts';
import type { Signer } from './ports.ts';

const REFRESH_MS = 1_000;

async function start(context: ServiceContext, config: SignatoryConfig): Promise<void> {
  assertNativeCurve();
  forbidDebugger({ isTolerated: config.NODE_ENV !== 'production' });
  if (!forbidMemoryDumps()) context.log.warn('core dumps of this process can hold keys on this system');
  const master = masterSecretOf(config);
  const { clock } = context;

  const uri = config.SIGNATORY_MONGODB_URI ?? config.MONGODB_URI;
  const db = await connectMongo(context, { uri, database: config.SIGNATORY_MONGODB_DATABASE });
  await ensureCollections(db, [UNITS]);
  const units = mongoUnitStore(db);
  await createFirstKeysets(units, master, unitSettingsOf(config), clock.now());
  const keyring = await openKeyring(units, master);
  context.every('keysets of peers', REFRESH_MS, keyring.refresh);

  const signer = startSigner(context, config.SIGNATORY_WORKERS);
  const limiter = issueLimiter(clock, config.SIGNATORY_MAX_ISSUE_PER_MIN);
  const graceMs = config.SIGNATORY_RETIRED_GRACE_S * 1_000;
  const implementation = signatoryService({ units, keyring, signer, limiter, clock, graceMs });
  const port = config.SIGNATORY_PORT;
  await startGrpcServer(context, { ...grpcServing(config), port, implementations: [implementation] });
}

function startSigner(context: ServiceContext, workers: number): Signer {
  if (workers === 0) return inlineSigner;
  const signer = workerSigner(workers, context.failed);
  context.onStop('work', 'signing threads', signer.stop);
  return signer;
}

await runService({ name: 'signatory', config: CONFIG, grpcPort: ({ SIGNATORY_PORT: port }) => port, start });
