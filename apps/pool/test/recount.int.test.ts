import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { UpdateFilter } from 'mongodb';
import { systemClock } from '@assay/shared/runtime/clock';
import type { BatchDocument } from '../src/adapters/mongo/batch-document.ts';
import { batchInstance } from './batch-instance.ts';
import { madeUpShare } from './known-work.ts';
import { type PoolDatabase, poolDatabase } from './pool-database.ts';

const COMMAND = fileURLToPath(new URL('../src/recount/main.ts', import.meta.url));

let database: PoolDatabase;
beforeEach(async () => {
  database = await poolDatabase();
  const pool = batchInstance({ batches: database.batches, clock: systemClock, windowMs: 0, creditShift: 24 });
  for (let index = 0; index < 5; index += 1) await pool.submit(madeUpShare({ seed: `share ${index}` }));
});
afterEach(() => database.drop());

function run(): Promise<{ code: number; report: { ok: boolean; violations: { invariant: string }[] } }> {
  const args = [COMMAND, '--uri', database.uri, '--database', database.database];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => {
      resolve({ code: error === null ? 0 : Number(error.code), report: JSON.parse(stdout) });
    });
  });
}

async function corrupt(keySeq: bigint, update: UpdateFilter<BatchDocument>): Promise<void> {
  const collection = database.db.collection<BatchDocument>('batches');
  await collection.updateOne({ keySeq }, update, { bypassDocumentValidation: true });
}

it('a sound database passes, and the command says what it counted', async () => {
  const { code, report } = await run();
  expect(code).toBe(0);
  expect(report).toEqual({ ok: true, batches: 5, open: 0, shares: 5, keys: 1, waiting: 5, violations: [] });
});

it.each<[string, bigint, UpdateFilter<BatchDocument>, string[]]>([
  ['a gap in key_seq', 5n, { $set: { keySeq: 7n } }, ['P2', 'SEAL', 'P9']],
  ['a carry that does not chain', 3n, { $set: { carryIn: 9n } }, ['P2', 'SEAL', 'P9']],
  ['a credit that work does not give', 4n, { $set: { creditSum: 2n } }, ['P3', 'SEAL', 'P9']],
  ['a batch_hash of other content', 2n, { $set: { batchHash: new Uint8Array(32) } }, ['SEAL', 'P9']],
  ['an event that is not the batch', 2n, { $set: { 'outbox.0.body': new Uint8Array(1) } }, ['P9']],
])('%s is named', async (_, keySeq, update, invariants) => {
  await corrupt(keySeq, update);
  const { code, report } = await run();
  expect(code).toBe(1);
  expect(new Set(report.violations.map(({ invariant }) => invariant))).toEqual(new Set(invariants));
});

it('a header that is in two batches is named', async () => {
  const collection = database.db.collection<BatchDocument>('batches');
  const [first] = await collection.find({ keySeq: 1n }).toArray();
  await corrupt(2n, { $set: { shares: first?.shares ?? [] } });
  const { report } = await run();
  expect(report.violations.map(({ invariant }) => invariant)).toContain('P1');
});
