import type { Collection, Db, Filter } from 'mongodb';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { unixMs } from '@assay/shared/kernel/clock';
import type { LockingKey, PoolId } from '@assay/shared/kernel/ids';
import { compareAndSet, duplicateIndexOf, type Versioned } from '@assay/shared/runtime/mongo';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import type { Block, BlockAnswer, BlockState } from '../../domain/block.ts';
import type { BlockChange, BlockFilter, BlockPort } from '../../ports.ts';

interface BlockDocument extends Versioned {
  state: BlockState;
  poolId: string;
  height: number;
  header: Uint8Array;
  extranonce: Uint8Array;
  templateId: string;
  lockingKey: string;
  worker: string;
  reward: bigint;
  foundAt: Date;
  source: 'share' | 'scan';
  confirmations: number;
  answers: BlockAnswer[];
  unknownSince?: Date;
  updatedAt: Date;
}

/** Renders what blocks tell; given by `main`, because the wire is another adapter's. */
export interface BlockEventEntries {
  blockFound(block: Block): OutboxEntry;
  blockChanged(block: Block): OutboxEntry;
}

const TRACKED_MAX = 1_000;

export function blockPort(db: Db, events: BlockEventEntries): BlockPort {
  const collection = db.collection<BlockDocument>('blocks');
  return {
    async insert(block) {
      try {
        await collection.insertOne({ ...documentOf(block), outbox: [events.blockFound(block)] });
        return true;
      } catch (error) {
        if (duplicateIndexOf(error) === '_id_') return false;
        throw error;
      }
    },
    async find(hash) {
      const document = await collection.findOne({ _id: hash });
      return document === null ? undefined : blockOf(document);
    },
    change: (block, change, at) => changeBlock(collection, events, block, change, at),
    async listTracked(matureFromHeight) {
      const tracked: Filter<BlockDocument> = {
        $or: [{ state: { $ne: 'mature' } }, { state: 'mature', height: { $gte: matureFromHeight } }],
      };
      return (await collection.find(tracked).sort({ height: -1 }).limit(TRACKED_MAX).toArray()).map(blockOf);
    },
    async list({ state, height, after }, limit) {
      const query = {
        ...(state === undefined ? {} : { state }),
        ...(height === undefined ? {} : { height }),
        ...(after === undefined ? {} : pageAfter(after)),
      };
      return (await collection.find(query).sort({ height: -1, _id: -1 }).limit(limit).toArray()).map(blockOf);
    },
    async lastChained() {
      const document = await collection.findOne({ state: { $in: ['chained', 'mature'] } }, { sort: { height: -1 } });
      return document === null ? undefined : blockOf(document);
    },
    foundOn: async (templateId) => (await collection.findOne({ templateId }, { projection: { _id: 1 } })) !== null,
  };
}

function pageAfter({ height, hash }: NonNullable<BlockFilter['after']>): Filter<BlockDocument> {
  return { $or: [{ height: { $lt: height } }, { height, _id: { $lt: hash } }] };
}

async function changeBlock(
  collection: Collection<BlockDocument>,
  events: BlockEventEntries,
  block: Block,
  change: BlockChange,
  at: UnixMs,
): Promise<Block | undefined> {
  const { unknownSince, ...rest } = change;
  const { unknownSince: before, ...fields } = block;
  const since = unknownSince === undefined ? before : (unknownSince ?? undefined);
  const after: Block = {
    ...{ ...fields, ...rest, updatedAt: at, version: block.version + 1 },
    ...(since === undefined ? {} : { unknownSince: since }),
  };
  const { state, confirmations, answers, updatedAt } = documentOf(after);
  const set = { state, confirmations, answers, updatedAt };
  const told = after.state === block.state ? {} : { $push: { outbox: events.blockChanged(after) } };
  const changed = await compareAndSet(collection, block.hash, block.version, {
    ...(since === undefined
      ? { $set: set, $unset: { unknownSince: '' as const } }
      : { $set: { ...set, unknownSince: new Date(since) } }),
    ...told,
  });
  return changed ? after : undefined;
}

function documentOf(block: Block): BlockDocument {
  const { hash, foundAt, updatedAt, unknownSince, answers, ...fields } = block;
  return {
    _id: hash,
    outbox: [],
    ...fields,
    answers: answers.map(({ nodeId, answer }) => ({ nodeId, answer })),
    foundAt: new Date(foundAt),
    updatedAt: new Date(updatedAt),
    ...(unknownSince === undefined ? {} : { unknownSince: new Date(unknownSince) }),
  };
}

function blockOf(document: BlockDocument): Block {
  const { _id, outbox: _, trace: __, foundAt, updatedAt, unknownSince, poolId, lockingKey, ...fields } = document;
  return {
    hash: _id,
    ...fields,
    poolId: poolId as PoolId,
    lockingKey: lockingKey as LockingKey | '',
    foundAt: unixMs(foundAt.getTime()),
    updatedAt: unixMs(updatedAt.getTime()),
    ...(unknownSince === undefined ? {} : { unknownSince: unixMs(unknownSince.getTime()) }),
  };
}
