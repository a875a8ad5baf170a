import type { Collection } from 'mongodb';
import { setTimeout as wait } from 'node:timers/promises';
import type { StoredEntry } from './relay-lanes.ts';

export interface PendingDocument {
  _id: string;
  outbox: StoredEntry[];
}

const DOCUMENTS_PER_WRITE = 500;
/** Nobody waits for a removal, so it may wait for others. */
const GATHER_MS = 50;

/**
 * Takes published entries out of their documents, in groups: what arrives within a moment, or while a write is under way,
 * goes with the next one.
 * The `version` of a document stays as it is: its state did not change.
 */
export class RelayRemovals {
  private readonly collection: Collection<PendingDocument>;
  private readonly settled: (ids: readonly string[], fault?: unknown) => void;
  private readonly waiting = new Map<string, string[]>();
  private writing = false;

  /** @param settled is told which entries are gone, or could not be removed and will be published once more. */
  constructor(collection: Collection<PendingDocument>, settled: (ids: readonly string[], fault?: unknown) => void) {
    this.collection = collection;
    this.settled = settled;
  }

  add(documentId: string, entryId: string): void {
    const ids = this.waiting.get(documentId) ?? [];
    ids.push(entryId);
    this.waiting.set(documentId, ids);
    if (!this.writing) void this.writeAll();
  }

  private async writeAll(): Promise<void> {
    this.writing = true;
    while (this.waiting.size > 0) {
      await wait(GATHER_MS);
      const group = [...this.waiting].slice(0, DOCUMENTS_PER_WRITE);
      for (const [documentId] of group) this.waiting.delete(documentId);
      await this.write(group);
    }
    this.writing = false;
  }

  private async write(group: readonly [string, string[]][]): Promise<void> {
    const entries = group.flatMap(([, ids]) => ids);
    try {
      // One command for all: an id is the id of one entry, so that nobody else's is taken out.
      await this.collection.updateMany(
        { _id: { $in: group.map(([documentId]) => documentId) } },
        { $pull: { outbox: { id: { $in: entries } } } },
      );
      this.settled(entries);
    } catch (error) {
      this.settled(entries, error);
    }
  }
}
