import type { Collection, Db } from 'mongodb';
import { isDue, later, type UnixMs } from '../kernel/clock.ts';
import { type CollectionDefinition, duplicateIndexOf } from './mongo.ts';
import type { ServiceContext } from './service.ts';

interface LeaseDocument {
  _id: string;
  owner: string;
  until: Date;
  /** Grows by one with each new owner: guarded writes name it (fencing). */
  token: number;
}

export interface Lease {
  /** The fencing token while this instance holds the lease by its own clock, else undefined. */
  token(): number | undefined;
}

export const LEASES: CollectionDefinition = {
  name: 'leases',
  schema: {
    bsonType: 'object',
    required: ['_id', 'owner', 'until', 'token'],
    additionalProperties: false,
    properties: {
      _id: { bsonType: 'string' },
      owner: { bsonType: 'string' },
      until: { bsonType: 'date' },
      token: { bsonType: ['int', 'long'], minimum: 1 },
    },
  },
  indexes: [],
};

export interface LeaseOptions {
  readonly name: string;
  readonly ttlMs: number;
  onHeld?(token: number): void;
  onLost?(): void;
}

interface Tenure {
  readonly token: number;
  until: UnixMs;
  /** The same on the monotonic clock: a wall clock that is set back makes no tenure longer. */
  endsAt: number;
}

/**
 * Takes the named lease as soon as it is free and renews it each third of its time. It is lost when a renewal was refused, or
 * did not succeed before the lease ran out; it is released at stage `work`.
 */
export function holdLease(context: ServiceContext, db: Db, options: LeaseOptions): Lease {
  const leases = db.collection<LeaseDocument>(LEASES.name);
  let tenure: Tenure | undefined;
  let stopped = false;

  const beat = () => (stopped ? undefined : tenure === undefined ? take() : renew(tenure));
  const take = async () => {
    const taken = await takeLease(leases, context, options);
    if (taken === undefined) return;
    tenure = taken;
    context.log.info({ lease: options.name, fencing: taken.token }, 'lease taken');
    options.onHeld?.(taken.token);
  };
  const renew = async (held: Tenure) => {
    const renewed = await renewLease(leases, context, options, held);
    if (renewed === 'kept' || (renewed === 'unknown' && !isOver(context, held))) return;
    tenure = undefined;
    context.log.warn({ lease: options.name, fencing: held.token, renewed }, 'lease lost');
    options.onLost?.();
  };

  // One after the other: a beat that hangs must not be overtaken by its successor.
  let turn: Promise<void> = Promise.resolve();
  const next = () => {
    turn = turn
      .then(beat)
      .catch((error: unknown) => context.log.warn({ err: error, lease: options.name }, 'lease fault'));
    return turn;
  };
  void next();
  context.every(`lease ${options.name}`, Math.max(1, Math.floor(options.ttlMs / 3)), next);
  context.onStop('work', `lease ${options.name}`, async () => {
    stopped = true;
    await turn;
    const held = tenure;
    tenure = undefined;
    if (held !== undefined) await leases.updateOne(ownedBy(context, options, held), { $set: { until: new Date(0) } });
  });
  return {
    token: () => (tenure !== undefined && !isOver(context, tenure) ? tenure.token : undefined),
  };
}

/** The lease with the next token, or undefined while somebody else holds it. */
async function takeLease(
  leases: Collection<LeaseDocument>,
  context: ServiceContext,
  options: LeaseOptions,
): Promise<Tenure | undefined> {
  const now = context.clock.now();
  const [until, endsAt] = [later(now, options.ttlMs), performance.now() + options.ttlMs];
  try {
    const taken = await leases.findOneAndUpdate(
      // Also its own: of a write whose answer was lost.
      { _id: options.name, $or: [{ until: { $lte: new Date(now) } }, { owner: context.instance }] },
      { $set: { owner: context.instance, until: new Date(until) }, $inc: { token: 1 } },
      { upsert: true, returnDocument: 'after', timeoutMS: options.ttlMs },
    );
    if (taken === null) return undefined;
    const tenure = { token: taken.token, until, endsAt };
    return isOver(context, tenure) ? undefined : tenure;
  } catch (error) {
    // The upsert of a lease that is held: its document exists, but does not match.
    if (duplicateIndexOf(error) !== undefined) return undefined;
    throw error;
  }
}

async function renewLease(
  leases: Collection<LeaseDocument>,
  context: ServiceContext,
  options: LeaseOptions,
  held: Tenure,
): Promise<'kept' | 'taken-by-another' | 'unknown'> {
  const [until, endsAt] = [later(context.clock.now(), options.ttlMs), performance.now() + options.ttlMs];
  try {
    const result = await leases.updateOne(
      ownedBy(context, options, held),
      { $set: { until: new Date(until) } },
      { timeoutMS: Math.ceil(options.ttlMs / 3) },
    );
    if (result.matchedCount === 0) return 'taken-by-another';
    held.until = until;
    held.endsAt = endsAt;
    return 'kept';
  } catch (error) {
    context.log.warn({ err: error, lease: options.name }, 'lease not renewed');
    return 'unknown';
  }
}

function isOver(context: ServiceContext, { until, endsAt }: Tenure): boolean {
  return isDue(until, context.clock.now()) || performance.now() >= endsAt;
}

function ownedBy(context: ServiceContext, options: LeaseOptions, held: Tenure) {
  return { _id: options.name, owner: context.instance, token: held.token };
}
