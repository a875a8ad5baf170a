import { LEASES } from '@assay/shared/runtime/leases';
import { metricsText } from '@assay/shared/runtime/metrics';
import { testContext } from '@assay/testkit/context';
import { testDatabase } from '@assay/testkit/mongo';
import { until } from '@assay/testkit/until';
import type { Document } from 'mongodb';
import { expect, test } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { startBackground } from '../src/adapters/timers/background.ts';
import { recounted } from '../src/telemetry.ts';
import { KEYSET } from './committed-operations.ts';
import { memoryKeysets } from './memory-keys.ts';
import { memoryRotator } from './memory-rotator.ts';

const imbalance = async () => /^assay_ledger_imbalance_units (\d+)$/m.exec((await metricsText()).text)?.[1];

test('an instance that has lost the recount to another one no longer tells what it had found', async () => {
  const { db, drop } = await testDatabase();
  const context = testContext({ name: 'mint' });
  const stores = await mongoStores(context, db);
  const others = { _id: 'mint-recount', owner: 'mint-2', token: 2, until: new Date(context.clock.now() + 3_600_000) };
  await db.collection<Document & { _id: string }>(LEASES.name).insertOne(others);
  recounted(3);
  expect(await imbalance()).toBe('3');
  startBackground(context, db, {
    ...{ ...stores, control: stores.controlStore, notes: { tell: () => undefined } },
    ...{ keysets: memoryKeysets([KEYSET]), rotator: memoryRotator([KEYSET]), recountEveryMs: 20 },
  });
  await until('nothing told', async () => ((await imbalance()) === '0' ? true : undefined));
  await context.stop();
  await drop();
});
