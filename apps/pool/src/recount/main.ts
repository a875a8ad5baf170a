// npm run pool:check -- [--uri mongodb://…] [--database pool]
// Recounts the invariants P1–P3 and P9 of all batches (01-pool section 17). Prints one JSON line; exits 1 and names them
// when one is violated, 2 when nothing could be counted. Without --uri: MONGODB_URI.
import { MongoClient } from 'mongodb';
import { parseArgs } from 'node:util';
import { defineConfig } from '@assay/shared/runtime/config';
import { MONGO_OPTIONS } from '@assay/shared/runtime/mongo';
import { messageOf } from '@assay/shared/kernel/fault-text';
import { storedBatches } from '../adapters/mongo/stored-batches.ts';
import { poolEvents } from '../adapters/nats/events.ts';
import { checkBatches } from '../flows/check-batches.ts';

const { values } = readArguments();
const uri = values.uri ?? defineConfig('POOL_CHECK', {}).load().MONGODB_URI;
const client = new MongoClient(uri, MONGO_OPTIONS);
try {
  await client.connect();
  const report = await checkBatches(storedBatches(client.db(values.database), poolEvents));
  const ok = report.violations.length === 0;
  process.stdout.write(`${JSON.stringify({ ok, ...report })}\n`);
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  const why = messageOf(error);
  process.stderr.write(
    `pool:check: nothing was counted: ${why}. Is the database of --uri or MONGODB_URI the pool's?\n`,
  );
  process.exitCode = 2;
} finally {
  await client.close();
}

function readArguments() {
  try {
    return parseArgs({ options: { uri: { type: 'string' }, database: { type: 'string', default: 'pool' } } });
  } catch {
    process.stderr.write('usage: npm run pool:check -- [--uri mongodb://…] [--database pool]\n');
    process.exit(2);
  }
}
