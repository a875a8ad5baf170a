import { type Document, MongoClient } from 'mongodb';

const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'bulkWrite'];

/**
 * Has the server note every command on a database until stopped. `stop` tells the distinct write concerns of all writes,
 * rendered, and rejects when there was none, or one that is less than majority and journal.
 */
export async function watchWriteConcerns(mongoUri: string, database: string): Promise<{ stop(): Promise<string[]> }> {
  const client = await MongoClient.connect(mongoUri);
  const db = client.db(database);
  await db.command({ profile: 2 });
  return {
    stop: async () => {
      try {
        await db.command({ profile: 0 });
        const isWrite = { $or: WRITES.map((name) => ({ [`command.${name}`]: { $exists: true } })) };
        const noted = await db.collection('system.profile').find(isWrite).toArray();
        return concernsOf(noted);
      } finally {
        await client.close();
      }
    },
  };
}

function concernsOf(noted: readonly Document[]): string[] {
  const concerns = new Map<string, boolean>();
  for (const { command } of noted) {
    const { w, j } = ((command as Document)['writeConcern'] ?? {}) as { w?: unknown; j?: unknown };
    concerns.set(`w: ${String(w)}, j: ${String(j)}`, w === 'majority' && j === true);
  }
  const found = [...concerns.keys()];
  if (found.length === 0) throw new Error('the profiler saw no write');
  if (![...concerns.values()].every(Boolean)) throw new Error(`weaker writes than promised: ${found.join('; ')}`);
  return found;
}
