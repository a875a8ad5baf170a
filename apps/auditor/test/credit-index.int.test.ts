import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from 'mongodb';
import { TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { type Bytes, fromHex, toHex } from '@assay/shared/kernel/bytes';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { FakeClock } from '@assay/testkit/fake-clock';
import { buildTemplate, honestParts } from '@assay/testkit/hostile-template';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { auditorStores, ensureAuditorDatabase } from '../src/adapters/mongo/stores.ts';
import { pruneCredits } from '../src/flows/prune-credits.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let stores: ReturnType<typeof auditorStores>;
const clock = new FakeClock();
beforeAll(async () => {
  database = await testDatabase();
  await ensureAuditorDatabase(database.db);
  const relay = { wake: () => undefined, committed: () => undefined };
  const letters = deadLetterStore(database.db, 'auditor');
  stores = auditorStores(database.db, letters, { owner: 'tests', settleGraceMs: DAY_MS, relay });
});
afterAll(() => database.drop());

/** A batch that came now and was credited, on a template of its own; the hash of its share. */
async function credited(prevHash: Bytes): Promise<string> {
  const { declared } = buildTemplate({ ...honestParts({ poolId: 'pool-1', script: fromHex('51') }), prevHash });
  const raw = TemplateDeclared.encode(declared).finish();
  await stores.templateIntake.insert({ template: declared, raw, receivedAtMs: clock.now(), trace: undefined });
  const [batchHash, hash] = [randomBytes(32), randomBytes(32)].map(toHex) as [string, string];
  await database.db.collection<Document & { _id: string }>('batches').insertOne({
    ...{ _id: `pool-1/${batchHash}`, version: 1, outbox: [], event: Buffer.alloc(0), batchHash },
    ...{ keySeq: '1'.padStart(20, '0'), state: 'VALID', revision: 0, attempt: 0, receivedAt: new Date(clock.now()) },
    ...{ templateId: toHex(declared.templateId), credited: [hash], hasCredited: true },
  });
  return hash;
}

async function replaced(prevHash: Bytes): Promise<void> {
  const prev = toHex(prevHash);
  await stores.tips.record({ hash: toHex(randomBytes(32)), prev, height: 1, firstSeenMs: clock.now() });
}

const prune = () => pruneCredits({ ...stores, clock });
const stillCredited = async (hashes: string[]) => [...(await stores.batches.creditedAmong(hashes, ''))];

describe('the hashes of credited shares', () => {
  it('are kept ninety days, and an hour for clocks, after the parent was replaced; for ever while it is not', async () => {
    const [gone, standing] = [randomBytes(32), randomBytes(32)];
    const hashes = [await credited(gone), await credited(standing)];
    clock.advance(DAY_MS);
    await replaced(gone);
    const late = await credited(gone);
    clock.advance(90 * DAY_MS + HOUR_MS - 1);
    expect([await prune(), await stillCredited([...hashes, late])]).toEqual([0, expect.arrayContaining(hashes)]);
    clock.advance(2);
    expect(await prune()).toBe(2);
    expect(await stillCredited([...hashes, late])).toEqual([hashes[1]]);
    expect(await prune()).toBe(0);
  });
});
