import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import type { CollectionDefinition } from '@assay/shared/runtime/mongo';
import type { Db } from 'mongodb';

/** A request of the fake's own. It is paid from `payAt` on, by nobody. */
export interface IncomingDocument {
  /** Of the quote. */
  _id: string;
  request: string;
  /** Payment hash, hex. */
  lookupId: string;
  amount: bigint;
  payAt: Date;
}

/** A payment that was asked for. Without `payAt` it failed, else it is done from then on. */
export interface OutgoingDocument {
  /** op id */
  _id: string;
  request: string;
  amount: bigint;
  fee: bigint;
  payAt?: Date;
  /** Payment hash, hex, of a request that is paid whole: a node pays it once. */
  paidWhole?: string;
}

const LONG = { bsonType: 'long', minimum: 0 } as const;
const TEXT = { bsonType: 'string', minLength: 1, maxLength: 4_096 } as const;

export const FAKE_INCOMING: CollectionDefinition = {
  name: 'fakeIncoming',
  schema: {
    bsonType: 'object',
    required: ['_id', 'request', 'lookupId', 'amount', 'payAt'],
    properties: { _id: TEXT, request: TEXT, lookupId: TEXT, amount: LONG, payAt: { bsonType: 'date' } },
  },
  indexes: [
    { name: 'lookupId_unique', keys: { lookupId: 1 }, unique: true },
    { name: 'payAt_time', keys: { payAt: 1 } },
  ],
};

export const FAKE_OUTGOING: CollectionDefinition = {
  name: 'fakeOutgoing',
  schema: {
    bsonType: 'object',
    required: ['_id', 'request', 'amount', 'fee'],
    properties: { _id: TEXT, request: TEXT, amount: LONG, fee: LONG, payAt: { bsonType: 'date' }, paidWhole: TEXT },
  },
  indexes: [
    { name: 'paidWhole_unique', keys: { paidWhole: 1 }, unique: true, where: { paidWhole: { $exists: true } } },
  ],
};

/** What the fake remembers, in the mint's database: every instance is the same fake, before and after a restart. */
export function fakeLedger(db: Db) {
  return {
    incoming: db.collection<IncomingDocument>(FAKE_INCOMING.name),
    outgoing: db.collection<OutgoingDocument>(FAKE_OUTGOING.name),
  };
}

export type FakeLedger = ReturnType<typeof fakeLedger>;

export interface FakePorts {
  readonly ledger: FakeLedger;
  readonly clock: Clock;
  /** From the creation of a request to its payment. */
  readonly payDelayMs: number;
}

/** What proves the payment of a request of ours (32 bytes); its hash is the payment hash. */
export function preimageOf(quoteKey: string): Uint8Array {
  return sha256(utf8(`fake lightning preimage ${quoteKey}`));
}

export function lookupIdOf(quoteKey: string): string {
  return toHex(sha256(preimageOf(quoteKey)));
}
