import { SignatoryService } from '@assay/proto/gen/signatory/signatory';
import { grpcClient, type PromisedClient } from '@assay/shared/runtime/grpc-client';
import { startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { testContext } from '@assay/testkit/context';
import type { FakeClock } from '@assay/testkit/fake-clock';
import type { Db } from 'mongodb';
import { signatoryService } from '../src/adapters/grpc/signatory-service.ts';
import { mongoUnitStore, UNITS } from '../src/adapters/mongo/unit-store.ts';
import { workerSigner } from '../src/adapters/workers/worker-signer.ts';
import { issueLimiter } from '../src/flows/blind-sign.ts';
import { createFirstKeysets } from '../src/flows/create-first-keysets.ts';
import { openKeyring } from '../src/flows/keyring.ts';
import { unit } from './unit-store-contract.ts';

const GRACE_MS = 60_000;
const PEERS_EVERY_MS = 50;

export type SignatoryCalls = PromisedClient<typeof SignatoryService>;

export interface RunningSignatory {
  readonly url: string;
  /** A client with the schema version, and a request id if given. */
  client(metadata?: Record<string, string>): SignatoryCalls;
  stop(): Promise<void>;
}

/** One instance as `main.ts` wires it, on a database of the test, in this process. */
export async function runSignatory(db: Db, master: Uint8Array, clock: FakeClock): Promise<RunningSignatory> {
  const context = testContext({ name: 'signatory', clock });
  await ensureCollections(db, [UNITS]);
  const units = mongoUnitStore(db);
  const settings = { inputFeePpk: 0n, highestPower: 52, finalExpiryDays: 365 };
  await createFirstKeysets(units, master, [{ ...settings, unit: unit('hash') }], clock.now());
  await createFirstKeysets(units, master, [{ ...settings, highestPower: 31, unit: unit('sat') }], clock.now());
  const keyring = await openKeyring(units, master);
  context.every('keysets of peers', PEERS_EVERY_MS, keyring.refresh);
  const signer = workerSigner(1, context.failed);
  context.onStop('work', 'signing threads', signer.stop);
  const ports = { units, keyring, signer, limiter: issueLimiter(clock, 0n), clock, graceMs: GRACE_MS };
  const implementations = [signatoryService(ports)];
  const port = await startGrpcServer(context, { port: 0, implementations, allowUnauthenticated: true });
  const url = `127.0.0.1:${port}`;
  const clients: SignatoryCalls[] = [];
  return {
    url,
    client(metadata = {}) {
      const all = { 'x-signatory-schema-version': '2', ...metadata };
      const client = grpcClient(SignatoryService, { url, deadlineMs: 10_000, metadata: all });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.close();
      await context.stop();
    },
  };
}
