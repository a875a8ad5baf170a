import type { Collection, Filter } from 'mongodb';
import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { BreachSeverity } from '@assay/proto/gen/assay/auditor/v1/events';
import {
  type CollectionDefinition,
  compareAndSet,
  duplicateIndexOf,
  type Versioned,
} from '@assay/shared/runtime/mongo';
import { outboxEntry, OUTBOX_SCHEMA } from '@assay/shared/runtime/outbox';
import { type Breach, BREACH_RULES, type BreachRule, type BreachState, type Severity } from '../../domain/breaches.ts';
import type { Breaches, Trace } from '../../ports.ts';
import type { BreachRecord, BreachRecords, PauseOrders } from '../../upkeep-ports.ts';

export interface BreachDocument extends Versioned {
  rule: BreachRule;
  scope: string;
  state: BreachState;
  severity: Severity;
  expected: string;
  found: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
  /** The mint has not yet answered that it paused. */
  pausePending: boolean;
  /** Absent: 1. */
  openings?: number;
  acknowledgement?: { by: string; reason: string; at: Date };
}

export const BREACHES: CollectionDefinition = {
  name: 'breaches',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'outbox', 'rule', 'state', 'severity', 'count', 'pausePending'],
    properties: {
      outbox: OUTBOX_SCHEMA,
      state: { enum: ['OPEN', 'ACKNOWLEDGED'] },
      severity: { enum: ['REPORT', 'STOP_ISSUANCE', 'STOP_ALL'] },
      count: { bsonType: ['int', 'long'], minimum: 1 },
      pausePending: { bsonType: 'bool' },
      openings: { bsonType: ['int', 'long'], minimum: 2 },
      acknowledgement: { bsonType: 'object', required: ['by', 'reason', 'at'] },
    },
  },
  indexes: [
    { name: 'state', keys: { state: 1 } },
    { name: 'pausePending', keys: { pausePending: 1 }, where: { pausePending: true } },
  ],
  outbox: true,
};

const FOUND_CHARACTERS_MAX = 1_000;
const READS_MAX = 8;

type BreachCollection = Collection<BreachDocument>;
type BreachBook = Breaches & PauseOrders & BreachRecords & { countOpen(): Promise<Map<Severity, number>> };

/** @param options.onCommit wakes the relay. */
export function breachBook(breaches: BreachCollection, options: { onCommit: () => void }): BreachBook {
  return {
    open: async (breach, atMs, trace) => {
      if (await openBreach(breaches, breach, atMs, trace)) options.onCommit();
    },
    pending: async () => {
      const found = await breaches.find({ pausePending: true }).limit(100).toArray();
      return found.map(({ _id: id, version, severity, rule, scope, openings = 1 }) => {
        return { id, version, severity, rule, scope, openings };
      });
    },
    answered: async ({ id, version }) => {
      await compareAndSet(breaches, id, version, { $set: { pausePending: false } });
    },
    countOpen: async () => {
      const groups = breaches.aggregate<{ _id: Severity; open: number }>([
        { $match: { state: 'OPEN' } },
        { $group: { _id: '$severity', open: { $sum: 1 } } },
      ]);
      return new Map((await groups.toArray()).map(({ _id, open }) => [_id, open]));
    },
    find: async (id) => {
      const found = await breaches.findOne({ _id: id });
      return found === null ? undefined : recordOf(found);
    },
    list: async (filter, { limit, afterId }) => {
      const query: Filter<BreachDocument> = { ...filter, _id: { $gt: afterId } };
      const found = await breaches.find(query).sort({ _id: 1 }).limit(limit).toArray();
      return found.map(recordOf);
    },
    acknowledge: async (breach, acknowledgement) => {
      const { by, reason, atMs } = acknowledgement;
      const set = { state: 'ACKNOWLEDGED' as const, acknowledgement: { by, reason, at: new Date(atMs) } };
      const after = { ...breach, state: set.state, version: breach.version + 1, acknowledgement };
      const entry = outboxEntry('auditor.breach.acknowledged', acknowledgedMessage(after, reason, atMs), atMs);
      const done = await compareAndSet(breaches, breach.id, breach.version, { $set: set, $push: { outbox: entry } });
      if (!done) return 'stale';
      options.onCommit();
      return after;
    },
  };
}

/** Whether there is an event to publish: not for the repeat of a breach that is open. */
async function openBreach(
  breaches: BreachCollection,
  breach: Breach,
  atMs: UnixMs,
  trace: Trace | undefined,
): Promise<boolean> {
  const fresh = openDocument(breach, atMs);
  const entry = outboxEntry('auditor.breach.opened', openedMessage(fresh, atMs), atMs, trace);
  try {
    await breaches.insertOne({ ...fresh, outbox: [entry], ...(trace === undefined ? {} : { trace }) });
    return true;
  } catch (error) {
    if (duplicateIndexOf(error) !== '_id_') throw error;
  }
  for (let read = 1; read <= READS_MAX; read += 1) {
    const again = { $inc: { count: 1, version: 1 }, $set: { lastAt: new Date(atMs), found: fresh.found } };
    const repeated = await breaches.updateOne({ _id: fresh._id, state: 'OPEN' }, again);
    if (repeated.matchedCount === 1) return false;
    if (await reopen(breaches, fresh, atMs, trace)) return true;
  }
  throw new Error(`breach ${fresh._id} changed under ${READS_MAX} attempts to open it`);
}

/** Violated again after it was acknowledged: a new opening, of which the mint has to be told as of the first. */
async function reopen(
  breaches: BreachCollection,
  fresh: BreachDocument,
  atMs: UnixMs,
  trace: Trace | undefined,
): Promise<boolean> {
  const stored = await breaches.findOne({ _id: fresh._id, state: 'ACKNOWLEDGED' });
  if (stored === null) return false;
  const { expected, found, lastAt, pausePending } = fresh;
  const opened = { ...fresh, version: stored.version + 1 };
  return compareAndSet(breaches, stored._id, stored.version, {
    $set: { state: 'OPEN', openings: (stored.openings ?? 1) + 1, ...{ expected, found, lastAt, pausePending } },
    $inc: { count: 1 },
    $push: { outbox: outboxEntry('auditor.breach.opened', openedMessage(opened, atMs), atMs, trace) },
  });
}

function openDocument({ rule, scope, expected, found }: Breach, atMs: number): BreachDocument {
  const at = new Date(atMs);
  const { severity } = BREACH_RULES[rule];
  return {
    _id: `${rule}:${scope}`,
    version: 1,
    outbox: [],
    rule,
    scope,
    state: 'OPEN',
    severity,
    expected: expected.slice(0, FOUND_CHARACTERS_MAX),
    found: found.slice(0, FOUND_CHARACTERS_MAX),
    count: 1,
    firstAt: at,
    lastAt: at,
    pausePending: severity !== 'REPORT',
  };
}

function openedMessage(breach: BreachDocument, atMs: number) {
  const { _id: breachId, rule, scope, expected, found, severity } = breach;
  return {
    breachId,
    rule,
    severity: BreachSeverity[`BREACH_SEVERITY_${severity}`],
    scope,
    expected,
    found,
    atMs: BigInt(atMs),
    version: BigInt(breach.version),
  };
}

function acknowledgedMessage(breach: BreachRecord, reason: string, atMs: number) {
  const { id: breachId, rule, scope, severity, version } = breach;
  return {
    ...{ breachId, rule, scope, reason },
    severity: BreachSeverity[`BREACH_SEVERITY_${severity}`],
    atMs: BigInt(atMs),
    version: BigInt(version),
  };
}

function recordOf(document: BreachDocument): BreachRecord {
  const { _id: id, version, rule, scope, severity, state, expected, found, count, pausePending } = document;
  const { firstAt, lastAt, acknowledgement, trace } = document;
  return {
    ...{ id, version, rule, scope, severity, state, expected, found, count, pausePending, trace },
    firstAtMs: firstAt.getTime(),
    lastAtMs: lastAt.getTime(),
    acknowledgement: acknowledgement && {
      by: acknowledgement.by,
      reason: acknowledgement.reason,
      atMs: unixMs(acknowledgement.at.getTime()),
    },
  };
}
