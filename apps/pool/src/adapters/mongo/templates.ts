import type { Collection, Db, Filter } from 'mongodb';
import { fromHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import type { PoolId } from '@assay/shared/kernel/ids';
import { assert } from '@assay/shared/kernel/assert';
import { compareAndSet, duplicateIndexOf, type Versioned } from '@assay/shared/runtime/mongo';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import { networkTarget } from '../../domain/difficulty.ts';
import type { Template, TemplateRecord, TemplateState } from '../../domain/template.ts';
import type { TemplateChange, TemplateFilter, TemplatePort } from '../../ports.ts';

interface TemplateDocument extends Versioned {
  state: TemplateState;
  source: 'pool';
  poolId: string;
  templateVersion: number;
  versionMask: number;
  prevHash: string;
  bits: number;
  height: number;
  minNtime: number;
  coinbasePrefix: Uint8Array;
  coinbaseSuffix: Uint8Array;
  merkleBranch: Uint8Array[];
  txCount: number;
  bodyBytes: number;
  bodyHash: Uint8Array;
  hasWitnessCommitment: boolean;
  coinbaseValue: bigint;
  declaredAt: Date;
  curtime: number;
  fetchedAt: Date;
  lastJobAt: Date;
  closedAt?: Date;
  bodyGone: boolean;
  verdict?: { valid: boolean; code: string; verdictHash: Uint8Array; decidedAt: Date };
}

/** Renders what a new template tells; given by `main`, because the wire is another adapter's. */
export interface TemplateEventEntries {
  templateDeclared(template: Template): OutboxEntry;
}

const LIVE: readonly TemplateState[] = ['active', 'superseded', 'stale', 'invalid'];
const LIVE_MAX = 1_000;

export function templatePort(db: Db, events: TemplateEventEntries): TemplatePort {
  const collection = db.collection<TemplateDocument>('templates');
  const find = async (templateId: string): Promise<TemplateRecord | undefined> => {
    const document = await collection.findOne({ _id: templateId });
    return document === null ? undefined : recordOf(document);
  };
  return {
    find,
    insert: (record) => insert(collection, record, events.templateDeclared(record.template)),
    async change(record, change) {
      const { id } = record.template;
      if (!(await compareAndSet(collection, id, record.version, { $set: changedFields(change) }))) return undefined;
      return { ...record, ...change, version: record.version + 1 };
    },
    async noteJob(templateId, at) {
      await collection.updateOne({ _id: templateId }, { $max: { lastJobAt: new Date(at) } });
    },
    async list(filter, limit) {
      const documents = await collection.find(queryOf(filter)).sort({ declaredAt: -1, _id: -1 }).limit(limit).toArray();
      return documents.map(recordOf);
    },
    async listLive() {
      const live = collection.find({ state: { $in: [...LIVE] } });
      return (await live.sort({ declaredAt: -1 }).limit(LIVE_MAX).toArray()).map(recordOf);
    },
    listBodiesToRemove: (closedBefore, limit) => listBodiesToRemove(db, collection, new Date(closedBefore), limit),
  };
}

async function insert(
  collection: Collection<TemplateDocument>,
  record: TemplateRecord,
  event: OutboxEntry,
): Promise<boolean> {
  try {
    await collection.insertOne({ ...documentOf(record), outbox: [event] });
    return true;
  } catch (error) {
    if (duplicateIndexOf(error) === '_id_') return false;
    throw error;
  }
}

async function listBodiesToRemove(
  db: Db,
  collection: Collection<TemplateDocument>,
  closedBefore: Date,
  limit: number,
): Promise<readonly TemplateRecord[]> {
  const foundOn = await db.collection<{ templateId: string }>('blocks').distinct('templateId');
  const documents = await collection
    .find({ _id: { $nin: foundOn }, state: 'closed', bodyGone: false, closedAt: { $lt: closedBefore } })
    .sort({ declaredAt: 1 })
    .limit(limit)
    .toArray();
  return documents.map(recordOf);
}

function queryOf({ state, declaredBefore, after }: TemplateFilter): Filter<TemplateDocument> {
  const bounds: Filter<TemplateDocument>[] = [];
  if (state !== undefined) bounds.push({ state });
  if (declaredBefore !== undefined) bounds.push({ declaredAt: { $lt: new Date(declaredBefore) } });
  if (after !== undefined) {
    const declaredAt = new Date(after.declaredAt);
    bounds.push({ $or: [{ declaredAt: { $lt: declaredAt } }, { declaredAt, _id: { $lt: after.id } }] });
  }
  return bounds.length === 0 ? {} : { $and: bounds };
}

function changedFields(change: TemplateChange): Partial<TemplateDocument> {
  const { state, curtime, fetchedAt, verdict, lastJobAt, closedAt, bodyGone } = change;
  return {
    ...(state === undefined ? {} : { state }),
    ...(curtime === undefined ? {} : { curtime }),
    ...(fetchedAt === undefined ? {} : { fetchedAt: new Date(fetchedAt) }),
    ...(verdict === undefined ? {} : { verdict: { ...verdict, decidedAt: new Date(verdict.decidedAt) } }),
    ...(lastJobAt === undefined ? {} : { lastJobAt: new Date(lastJobAt) }),
    ...(closedAt === undefined ? {} : { closedAt: new Date(closedAt) }),
    ...(bodyGone === undefined ? {} : { bodyGone }),
  };
}

function documentOf({ template, ...record }: TemplateRecord): TemplateDocument {
  const { id, version, prevHash: _, prevHashHex, networkTarget: __, merkleBranch, declaredAt, ...fields } = template;
  return {
    _id: id,
    version: record.version,
    outbox: [],
    state: record.state,
    source: 'pool',
    ...fields,
    templateVersion: version,
    prevHash: prevHashHex,
    merkleBranch: [...merkleBranch],
    declaredAt: new Date(declaredAt),
    curtime: record.curtime,
    fetchedAt: new Date(record.fetchedAt),
    lastJobAt: new Date(record.lastJobAt),
    bodyGone: record.bodyGone,
  };
}

function recordOf(document: TemplateDocument): TemplateRecord {
  const { verdict, closedAt } = document;
  return {
    template: templateOf(document),
    state: document.state,
    curtime: document.curtime,
    fetchedAt: unixMs(document.fetchedAt.getTime()),
    lastJobAt: unixMs(document.lastJobAt.getTime()),
    bodyGone: document.bodyGone,
    version: document.version,
    ...(verdict === undefined ? {} : { verdict: { ...verdict, decidedAt: unixMs(verdict.decidedAt.getTime()) } }),
    ...(closedAt === undefined ? {} : { closedAt: unixMs(closedAt.getTime()) }),
  };
}

function templateOf(document: TemplateDocument): Template {
  const target = networkTarget(document.bits);
  assert(target.ok, `bits of the stored template ${document._id}`);
  return {
    id: document._id,
    poolId: document.poolId as PoolId,
    version: document.templateVersion,
    versionMask: document.versionMask,
    prevHash: fromHex(document.prevHash),
    prevHashHex: document.prevHash,
    bits: document.bits,
    networkTarget: target.value,
    height: document.height,
    minNtime: document.minNtime,
    coinbasePrefix: document.coinbasePrefix,
    coinbaseSuffix: document.coinbaseSuffix,
    merkleBranch: document.merkleBranch,
    txCount: document.txCount,
    bodyBytes: document.bodyBytes,
    bodyHash: document.bodyHash,
    hasWitnessCommitment: document.hasWitnessCommitment,
    coinbaseValue: document.coinbaseValue,
    declaredAt: unixMs(document.declaredAt.getTime()),
  };
}
