import { IssuanceLevel as WireLevel } from '@assay/proto/gen/assay/mint/v1/events';
import { unixMs } from '@assay/shared/kernel/clock';
import type { CollectionDefinition, Versioned } from '@assay/shared/runtime/mongo';
import { type OutboxEntry, OUTBOX_SCHEMA, outboxEntry } from '@assay/shared/runtime/outbox';
import { currentTrace } from '@assay/shared/runtime/telemetry';
import type { Control } from '../../domain/control.ts';
import type { IssuanceLevel } from '../../domain/issuance-level.ts';

/** The one control document of the mint. */
export interface ControlDocument extends Versioned {
  level: IssuanceLevel;
  openBreaches: string[];
  acknowledged: { breachId: string; version: number }[];
  reason: string;
  by: string;
  changedAt: Date;
}

/** An instance that lives, and the version of the control that it obeys. */
export interface InstanceDocument {
  _id: string;
  controlVersion: number;
  seenAt: Date;
}

export const CONTROL: CollectionDefinition = {
  name: 'control',
  outbox: true,
  schema: {
    bsonType: 'object',
    required: ['_id', 'level', 'openBreaches', 'acknowledged', 'reason', 'by', 'changedAt', 'version', 'outbox'],
    properties: {
      _id: { enum: ['control'] },
      level: { enum: ['NONE', 'ISSUANCE', 'ALL'] },
      openBreaches: { bsonType: 'array', maxItems: 10_000, items: { bsonType: 'string' } },
      acknowledged: { bsonType: 'array', maxItems: 256 },
      reason: { bsonType: 'string' },
      by: { bsonType: 'string' },
      changedAt: { bsonType: 'date' },
      version: { bsonType: 'int', minimum: 1 },
      outbox: OUTBOX_SCHEMA,
    },
  },
  indexes: [],
};

export const INSTANCES: CollectionDefinition = {
  name: 'instances',
  schema: {
    bsonType: 'object',
    required: ['_id', 'controlVersion', 'seenAt'],
    properties: { controlVersion: { bsonType: 'int', minimum: 1 }, seenAt: { bsonType: 'date' } },
  },
  indexes: [{ name: 'seenAt_ttl', keys: { seenAt: 1 }, expireAfterSeconds: 3_600 }],
};

export function renderControl(control: Control): Omit<ControlDocument, '_id' | 'version' | 'outbox'> {
  return {
    level: control.level,
    openBreaches: [...control.openBreaches],
    acknowledged: control.acknowledged.map((each) => ({ ...each })),
    reason: control.reason,
    by: control.by,
    changedAt: new Date(control.changedAt),
  };
}

export function parseControl(document: ControlDocument): Control {
  const { level, openBreaches, acknowledged, reason, by, changedAt, version } = document;
  return { level, openBreaches, acknowledged, reason, by, changedAt: unixMs(changedAt.getTime()), version };
}

const WIRE_LEVELS = {
  NONE: WireLevel.ISSUANCE_LEVEL_NONE,
  ISSUANCE: WireLevel.ISSUANCE_LEVEL_ISSUANCE,
  ALL: WireLevel.ISSUANCE_LEVEL_ALL,
} as const satisfies Record<IssuanceLevel, WireLevel>;

/** `mint.issuance.paused` or `.resumed`, committed with the control. */
export function controlEvent(control: Control, event: 'paused' | 'resumed'): OutboxEntry {
  const message = {
    level: WIRE_LEVELS[control.level],
    reason: control.reason,
    breachId: event === 'paused' ? (control.openBreaches.at(-1) ?? '') : '',
    atMs: BigInt(control.changedAt),
    version: BigInt(control.version),
  };
  return outboxEntry(`mint.issuance.${event}`, message, control.changedAt, currentTrace());
}
