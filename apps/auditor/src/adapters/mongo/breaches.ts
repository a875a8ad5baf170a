import type { Collection } from 'mongodb';
import { BreachSeverity } from '@assay/proto/gen/assay/auditor/v1/events';
import {
  type CollectionDefinition,
  compareAndSet,
  duplicateIndexOf,
  type Versioned,
} from '@assay/shared/runtime/mongo';
import { outboxEntry, OUTBOX_SCHEMA } from '@assay/shared/runtime/outbox';
import { type Breach, BREACH_RULES, type BreachRule, type Severity } from '../../domain/breaches.ts';
import type { Breaches } from '../../ports.ts';
import type { PauseOrders } from '../../upkeep-ports.ts';

export interface BreachDocument extends Versioned {
  rule: BreachRule;
  scope: string;
  state: 'OPEN' | 'ACKNOWLEDGED';
  severity: Severity;
  expected: string;
  found: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
  /** The mint has not yet answered that it paused. */
  pausePending: boolean;
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
    },
  },
  indexes: [
    { name: 'state', keys: { state: 1 } },
    { name: 'pausePending', keys: { pausePending: 1 }, where: { pausePending: true } },
  ],
  outbox: true,
};

const FOUND_CHARACTERS_MAX = 1_000;

/** @param options.onOpen wakes the relay. */
export function breachBook(
  breaches: Collection<BreachDocument>,
  options: { onOpen: () => void },
): Breaches & PauseOrders & { countOpen(): Promise<Map<Severity, number>> } {
  return {
    open: async (breach, atMs, trace) => {
      const fresh = openDocument(breach, atMs);
      const entry = outboxEntry('auditor.breach.opened', messageOf(fresh, atMs), atMs, trace);
      try {
        await breaches.insertOne({ ...fresh, outbox: [entry], ...(trace === undefined ? {} : { trace }) });
        options.onOpen();
      } catch (error) {
        if (duplicateIndexOf(error) !== '_id_') throw error;
        const again = { $inc: { count: 1, version: 1 }, $set: { lastAt: new Date(atMs), found: fresh.found } };
        await breaches.updateOne({ _id: fresh._id }, again);
      }
    },
    pending: async () => {
      const found = await breaches.find({ pausePending: true }).limit(100).toArray();
      return found.map(({ _id: id, version, severity, rule, scope }) => ({ id, version, severity, rule, scope }));
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
  };
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

function messageOf(breach: BreachDocument, atMs: number) {
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
