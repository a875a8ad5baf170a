import type { Clock } from '@assay/shared/kernel/clock';
import { present } from '@assay/shared/kernel/assert';
import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import { type OutboxEntry, WITHOUT_OUTBOX } from '@assay/shared/runtime/outbox';
import { currentTrace, type TraceContext } from '@assay/shared/runtime/telemetry';
import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Collection, Db } from 'mongodb';
import { changeFund, emptyFund, type Fund, type FundChange, type FundOutcome } from '../../domain/fund.ts';
import type { Unit } from '../../domain/unit.ts';
import { grouped } from '../../grouping.ts';
import type { Funds } from '../../fund-ports.ts';
import { fundEvent, type FundDocument, FUNDS, parseFund, renderFund } from './fund-document.ts';

/** One instance changes a fund with one update at a time: it never loses to itself, only to other instances. */
const GROUP = { weightMax: 256, inFlightMax: 1, waitingMax: 10_000 } as const;
const ATTEMPTS_MAX = 5;
const REST_MS_MAX = 25;

/** `trace` of whoever asked for the change: many are stored together, each event is told in its own. */
type Asked = { readonly unit: Unit; readonly change: FundChange; readonly trace: TraceContext | undefined };
type Changed = FundOutcome | 'conflict';

/** Funds in MongoDB: changes that come together are decided one after the other and stored by one compare-and-set. */
export function mongoFunds(db: Db, clock: Clock): Funds {
  const collection = db.collection<FundDocument>(FUNDS.name);
  const change = grouped({ ...GROUP, run: (asked: readonly Asked[]) => changeAll(collection, clock, asked) });
  return {
    find: (unit) => findFund(collection, unit),
    list: async () => (await collection.find({}, WITHOUT_OUTBOX).sort({ _id: 1 }).toArray()).map(parseFund),
    change: (unit, wanted) => change({ unit, change: wanted, trace: currentTrace() }),
  };
}

async function changeAll(
  collection: Collection<FundDocument>,
  clock: Clock,
  asked: readonly Asked[],
): Promise<readonly Changed[]> {
  const units = [...new Set(asked.map(({ unit }) => unit))];
  const outcomes = new Map<Asked, Changed>();
  for (const unit of units) {
    const own = asked.filter((each) => each.unit === unit);
    const changed = await changeOne(collection, clock, unit, own);
    own.forEach((each, at) => outcomes.set(each, present(changed[at], 'outcome of a change')));
  }
  return asked.map((each) => present(outcomes.get(each), 'outcome of a change'));
}

async function changeOne(
  collection: Collection<FundDocument>,
  clock: Clock,
  unit: Unit,
  asked: readonly Asked[],
): Promise<readonly Changed[]> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const before = await findFund(collection, unit);
    const { fund, outcomes, events } = applied(before, asked, clock);
    if (fund.version === before.version || (await store(collection, before, fund, events))) return outcomes;
    await wait(randomInt(REST_MS_MAX));
  }
  return asked.map(() => 'conflict');
}

function applied(before: Fund, asked: readonly Asked[], clock: Clock) {
  let fund = before;
  const outcomes: FundOutcome[] = [];
  const events: OutboxEntry[] = [];
  for (const { change, trace } of asked) {
    const step = changeFund(fund, change);
    fund = step.fund;
    outcomes.push(step.outcome);
    events.push(...step.facts.map((fact) => fundEvent(fact, clock.now(), trace)));
  }
  return { fund, outcomes, events };
}

async function store(
  collection: Collection<FundDocument>,
  before: Fund,
  fund: Fund,
  events: readonly OutboxEntry[],
): Promise<boolean> {
  if (before.version === 0) return insertFirst(collection, fund, events);
  // Several changes at once: the version counts each of them.
  const result = await collection.updateOne(
    { _id: fund.unit, version: before.version },
    { $set: { ...renderFund(fund), version: fund.version }, $push: { outbox: { $each: [...events] } } },
  );
  return result.matchedCount === 1;
}

async function insertFirst(
  collection: Collection<FundDocument>,
  fund: Fund,
  events: readonly OutboxEntry[],
): Promise<boolean> {
  try {
    await collection.insertOne({ _id: fund.unit, ...renderFund(fund), version: fund.version, outbox: [...events] });
    return true;
  } catch (error) {
    if (duplicateIndexOf(error) === '_id_') return false;
    throw error;
  }
}

async function findFund(collection: Collection<FundDocument>, unit: Unit): Promise<Fund> {
  const found = await collection.findOne({ _id: unit }, WITHOUT_OUTBOX);
  return found === null ? emptyFund(unit) : parseFund(found);
}
