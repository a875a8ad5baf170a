import { FundCause as WireCause } from '@assay/proto/gen/assay/mint/v1/events';
import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import type { CollectionDefinition, Versioned } from '@assay/shared/runtime/mongo';
import { type OutboxEntry, OUTBOX_SCHEMA, outboxEntry } from '@assay/shared/runtime/outbox';
import type { TraceContext } from '@assay/shared/runtime/telemetry';
import { type Fund, type FundCause, type FundFact, GRANTS_MAX, PENDING_MAX } from '../../domain/fund.ts';
import type { Unit } from '../../domain/unit.ts';

/** `_id` is the unit. */
export interface FundDocument extends Versioned {
  credited: bigint;
  paid: bigint;
  pending: { key: string; amount: bigint; token: string; at: Date }[];
  grants: string[];
  chunk: number;
}

/** While NATS is away every payment leaves an event in this one document. */
const EVENTS_MAX = 20_000;
const AMOUNT = { bsonType: 'long', minimum: 0 } as const;
const TEXT = { bsonType: 'string', minLength: 1, maxLength: 128 } as const;

/** 03-mint section 10: one document per unit, changed by compare-and-set. */
export const FUNDS: CollectionDefinition = {
  name: 'funds',
  outbox: true,
  schema: {
    bsonType: 'object',
    required: ['_id', 'credited', 'paid', 'pending', 'grants', 'chunk', 'version', 'outbox'],
    properties: {
      _id: { bsonType: 'string', minLength: 1, maxLength: 32 },
      credited: AMOUNT,
      paid: AMOUNT,
      pending: {
        bsonType: 'array',
        maxItems: PENDING_MAX,
        items: {
          bsonType: 'object',
          required: ['key', 'amount', 'token', 'at'],
          properties: { key: TEXT, amount: AMOUNT, token: TEXT, at: { bsonType: 'date' } },
        },
      },
      grants: { bsonType: 'array', maxItems: GRANTS_MAX, items: TEXT },
      chunk: { bsonType: ['int', 'long', 'double'], minimum: 0 },
      version: { bsonType: 'int', minimum: 1 },
      outbox: { ...OUTBOX_SCHEMA, maxItems: EVENTS_MAX },
    },
  },
  indexes: [],
};

/** Everything but id, version and outbox. */
export function renderFund({ credited, paid, pending, grants, chunk }: Fund) {
  return {
    credited,
    paid,
    pending: pending.map((reservation) => ({ ...reservation, at: new Date(reservation.at) })),
    grants: [...grants],
    chunk,
  };
}

export function parseFund(document: Omit<FundDocument, 'outbox'>): Fund {
  const { _id, credited, paid, pending, grants, chunk, version } = document;
  return {
    unit: _id as Unit,
    credited: amount(credited),
    paid: amount(paid),
    pending: pending.map(({ key, amount: reserved, token, at }) => ({
      ...{ key, amount: amount(reserved), token, at: unixMs(at.getTime()) },
    })),
    grants,
    chunk,
    version,
  };
}

const WIRE_CAUSES = {
  GRANT: WireCause.FUND_CAUSE_GRANT,
  REDEEM: WireCause.FUND_CAUSE_REDEEM,
  DEPOSIT: WireCause.FUND_CAUSE_DEPOSIT,
  PAYMENT: WireCause.FUND_CAUSE_PAYMENT,
} as const satisfies Record<FundCause, WireCause>;

/** `mint.fund.changed`, committed with the fund. */
export function fundEvent(
  { unit, cause, version, ...fact }: FundFact,
  at: UnixMs,
  trace: TraceContext | undefined,
): OutboxEntry {
  const message = {
    ...{ ...fact, fund: unit.toUpperCase(), cause: WIRE_CAUSES[cause] },
    ...{ atMs: BigInt(at), version: BigInt(version) },
  };
  return outboxEntry('mint.fund.changed', message, at, trace);
}
