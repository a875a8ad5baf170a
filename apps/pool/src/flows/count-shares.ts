import type { Bytes } from '@assay/shared/kernel/bytes';
import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { workOf } from '../domain/difficulty.ts';
import type { ShareRefusal, Worker } from '../domain/share.ts';
import { addShare, lowerHash, mergeRates, type RateSums } from '../domain/statistics/hash-rate.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import type { ReportFault, WorkerPort } from '../ports.ts';

export interface CountSharesPorts {
  readonly workers: WorkerPort;
  readonly clock: Clock;
  readonly reportFault: ReportFault;
  /** The slot that this instance holds; without one nothing is written. */
  slot(): number | undefined;
  /** Workers in memory, 200,000 when left out: an authorize costs a stranger nothing. Beyond, new ones are not counted. */
  readonly maxWorkers?: number;
}

/** Statistics of the workers on this instance's slot; what was not flushed is lost in a crash. */
export interface ShareCounts {
  /** After each authorize. @param agent ≤ 64 printable characters */
  join(worker: Worker, agent: string): Promise<void>;
  accepted(worker: Worker, k: number, hash: Bytes, at: UnixMs): void;
  refused(worker: Worker, reason: ShareRefusal): void;
  /** To be called each 10 s and at the drain. */
  flush(): Promise<void>;
}

const NAMES_PER_KEY_MAX = 10_000;
const WORKERS_MAX = 200_000;
const FORGET_AFTER_MS = 3_600_000;
const WRITE_MAX = 500;

interface Entry {
  readonly worker: Worker;
  readonly slot: number;
  agent: string;
  k: number;
  readonly counts: Map<'accepted' | ShareRefusal, number>;
  work: bigint;
  rates: RateSums | undefined;
  bestHash: Bytes | undefined;
  lastShareAt: UnixMs | undefined;
  seenAt: UnixMs;
  /** Whether what the slot knew of the worker before is counted in. */
  merged: boolean;
  changed: boolean;
}

export function createShareCounts(ports: CountSharesPorts): ShareCounts {
  const entries = new Map<string, Entry>();
  const names = createNames(ports.workers);

  const maxWorkers = ports.maxWorkers ?? WORKERS_MAX;

  const entryOf = (worker: Worker): Entry => {
    const name = names.countedAs(worker);
    const slot = ports.slot() ?? -1;
    const id = `${worker.lockingKey}.${name}/${slot}`;
    const known = entries.get(id);
    if (known !== undefined) return known;
    const made = emptyEntry({ lockingKey: worker.lockingKey, name }, slot, ports.clock.now());
    if (entries.size < maxWorkers) entries.set(id, made);
    return made;
  };
  return {
    async join(worker, agent) {
      await names.learn(worker);
      Object.assign(entryOf(worker), { agent, seenAt: ports.clock.now(), changed: true });
    },
    accepted(worker, k, hash, at) {
      const entry = entryOf(worker);
      count(entry, 'accepted', at);
      entry.k = k;
      entry.work += workOf(k);
      entry.rates = addShare(entry.rates, workOf(k), at);
      entry.bestHash = lowerHash(entry.bestHash, hash);
      entry.lastShareAt = at;
    },
    refused: (worker, reason) => count(entryOf(worker), reason, ports.clock.now()),
    async flush() {
      const slot = ports.slot();
      forget(entries, slot, ports.clock.now());
      names.keep(new Set([...entries.values()].map(({ worker }) => worker.lockingKey)));
      const due = [...entries.values()].filter((entry) => entry.changed && entry.slot === slot);
      for (let at = 0; at < due.length; at += WRITE_MAX) {
        await writeEntries(ports, due.slice(at, at + WRITE_MAX)).catch((error: unknown) =>
          ports.reportFault('count-shares', error),
        );
      }
    },
  };
}

function emptyEntry(worker: Worker, slot: number, seenAt: UnixMs): Entry {
  return {
    ...{ worker, slot, agent: '', k: 0, counts: new Map(), work: 0n, rates: undefined, bestHash: undefined },
    ...{ lastShareAt: undefined, seenAt, merged: false, changed: false },
  };
}

function count(entry: Entry, outcome: 'accepted' | ShareRefusal, at: UnixMs): void {
  entry.counts.set(outcome, (entry.counts.get(outcome) ?? 0) + 1);
  entry.seenAt = at;
  entry.changed = true;
}

async function writeEntries(ports: CountSharesPorts, entries: readonly Entry[]): Promise<void> {
  const fresh = entries.filter(({ merged }) => !merged);
  const slot = entries[0]?.slot ?? -1;
  const before = await ports.workers.findOnSlot(
    slot,
    fresh.map(({ worker }) => worker),
  );
  const byName = new Map(before.map((record) => [`${record.lockingKey}.${record.name}`, record]));
  for (const entry of fresh) merge(entry, byName.get(`${entry.worker.lockingKey}.${entry.worker.name}`));
  for (const entry of entries) entry.changed = false;
  await ports.workers.put(entries.map(recordOf)).catch((error: unknown) => {
    for (const entry of entries) entry.changed = true;
    throw error;
  });
}

/** Goes on from what an earlier run wrote about the worker on this slot. */
function merge(entry: Entry, before: WorkerRecord | undefined): void {
  entry.merged = true;
  if (before === undefined) return;
  for (const [outcome, number] of before.counts) {
    entry.counts.set(outcome, (entry.counts.get(outcome) ?? 0) + number);
  }
  entry.work += before.work;
  entry.rates = mergeRates(before.rates, entry.rates);
  if (before.bestHash !== undefined) entry.bestHash = lowerHash(entry.bestHash, before.bestHash);
  entry.lastShareAt ??= before.lastShareAt;
  if (entry.agent === '') entry.agent = before.agent;
  if (entry.k === 0) entry.k = before.k;
}

function recordOf(entry: Entry): WorkerRecord {
  const { worker, slot, agent, k, work, rates, bestHash, lastShareAt, seenAt } = entry;
  return {
    ...{ lockingKey: worker.lockingKey, name: worker.name, slot, agent, k, work, seenAt },
    counts: new Map(entry.counts),
    ...(rates === undefined ? {} : { rates }),
    ...(bestHash === undefined ? {} : { bestHash }),
    ...(lastShareAt === undefined ? {} : { lastShareAt }),
  };
}

/** What is idle, and what belongs to a slot that this instance has no more: another one may write it now. */
function forget(entries: Map<string, Entry>, slot: number | undefined, now: UnixMs): void {
  for (const [id, entry] of entries) {
    const idle = !entry.changed && now >= entry.seenAt + FORGET_AFTER_MS;
    if (idle || (slot !== undefined && entry.slot !== slot)) entries.delete(id);
  }
}

/** Worker names per key; beyond 10,000 new ones are counted as `other`. */
function createNames(workers: WorkerPort) {
  const known = new Map<LockingKey, Set<string>>();
  const stored = new Map<LockingKey, number>();
  return {
    async learn({ lockingKey }: Worker): Promise<void> {
      if (!stored.has(lockingKey)) stored.set(lockingKey, await workers.countNames(lockingKey));
    },
    countedAs({ lockingKey, name }: Worker): string {
      const names = known.get(lockingKey) ?? new Set<string>();
      known.set(lockingKey, names);
      const full = Math.max(names.size, stored.get(lockingKey) ?? 0) >= NAMES_PER_KEY_MAX;
      if (full && !names.has(name)) return 'other';
      names.add(name);
      return name;
    },
    /** Forgets the names of all other keys. */
    keep(keys: ReadonlySet<LockingKey>): void {
      for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
      for (const key of stored.keys()) if (!keys.has(key)) stored.delete(key);
    },
  };
}
