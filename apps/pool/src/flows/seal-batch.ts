import { BoundedMap } from '@assay/shared/kernel/bounded-map';
import type { Clock } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { type KeyHead, type OpenBatch, sealOf, type SignedSeal } from '../domain/batch.ts';
import type { BatchPort, BatchWriteOutcome, Failpoint, Pause, PoolSigner, ReportFault } from '../ports.ts';
import { batchSealed, openSealSpan, sealRetried } from '../telemetry.ts';
import { createGroupedWrites } from './group-writes.ts';

export interface SealPorts {
  readonly batches: BatchPort;
  readonly signer: PoolSigner;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly reportFault: ReportFault;
  readonly failpoint?: Failpoint;
}

/** `left` the batch is not ours any more, or the database stayed away: the sweeper seals what is stored. */
export type SealOutcome = 'sealed' | 'left';

export interface BatchSealer {
  /** Makes the open batch the next sealed one of its key; serial per key. */
  seal(batch: OpenBatch): Promise<SealOutcome>;
  /** Window 0: inserts the batch sealed at once. Never `key-seq-taken`: that is tried again here. */
  storeSealed(batch: OpenBatch): Promise<BatchWriteOutcome>;
}

const HEADS_MAX = 50_000;
const CONCURRENT_SEALS = 128;
const RETRY_MS = 250;
const UNKNOWN_MAX = 240;

/**
 * Seals in the order of the calls per key. The unique index on (lockingKey, keySeq) decides between instances: who is
 * refused reads the head again and computes anew.
 */
export function createSealer(ports: SealPorts, options: { readonly creditShift: number }): BatchSealer {
  const heads = createHeads(ports.batches);
  const inOrder = createKeyQueue();
  const slots = createLimiter(CONCURRENT_SEALS);
  const write = createGroupedWrites(ports);

  const signed = async (batch: OpenBatch): Promise<SignedSeal> => {
    const seal = sealOf(batch, await heads.of(batch.lockingKey), options.creditShift);
    return { ...seal, signature: await ports.signer.sign(seal.batchHash), sealedAt: ports.clock.now() };
  };
  const attempt = async (act: 'seal' | 'seal-at-once', batch: OpenBatch): Promise<BatchWriteOutcome> => {
    const span = openSealSpan(batch);
    try {
      const seal = await signed(batch);
      await ports.failpoint?.('before-seal');
      const outcome = await write({ do: act, batch, seal, trace: span.trace ?? batch.trace });
      await ports.failpoint?.('after-seal');
      heads.after(batch.lockingKey, outcome, seal);
      if (outcome === 'stored') batchSealed(batch, seal.creditSum);
      span.end();
      return outcome;
    } catch (error) {
      heads.forget(batch.lockingKey);
      span.end(error);
      throw error;
    }
  };
  const whileTaken: SealUntilTaken = async (act, batch) => {
    for (;;) {
      const outcome = await slots(() => attempt(act, batch));
      if (outcome !== 'key-seq-taken') return outcome;
      sealRetried();
    }
  };
  return {
    seal: (batch) => inOrder(batch.lockingKey, () => sealOpen(ports, batch, whileTaken)),
    storeSealed: (batch) => inOrder(batch.lockingKey, () => whileTaken('seal-at-once', batch)),
  };
}

/** Writes as the next of the key, again after each key_seq that another instance was faster with. */
type SealUntilTaken = (act: 'seal' | 'seal-at-once', batch: OpenBatch) => Promise<BatchWriteOutcome>;

async function sealOpen(ports: SealPorts, first: OpenBatch, write: SealUntilTaken): Promise<SealOutcome> {
  let batch = first;
  // Nothing was written by what threw, or reading tells: trying again is safe.
  const whenAway = (error: unknown): 'unknown' => {
    ports.reportFault('seal-batch', error);
    return 'unknown';
  };
  for (let unknown = 0; unknown < UNKNOWN_MAX; unknown += 1) {
    const outcome = await write('seal', batch).catch(whenAway);
    if (outcome === 'stored') return 'sealed';
    if (outcome === 'unknown') await ports.pause(RETRY_MS);
    const found = await ports.batches.find(batch.batchId).catch(whenAway);
    if (found === 'unknown') continue;
    if (found !== undefined && found.state !== 'open') return 'sealed';
    if (found === undefined || found.owner !== first.owner) return 'left';
    batch = found;
  }
  return 'left';
}

interface Heads {
  of(lockingKey: LockingKey): Promise<KeyHead>;
  after(lockingKey: LockingKey, outcome: BatchWriteOutcome, seal: SignedSeal): void;
  forget(lockingKey: LockingKey): void;
}

/** Heads of the keys that this instance sealed last; read again whenever a write was not confirmed. */
function createHeads(batches: BatchPort): Heads {
  const known = new BoundedMap<LockingKey, KeyHead>(HEADS_MAX);
  return {
    of: async (lockingKey) => known.get(lockingKey) ?? batches.head(lockingKey),
    after(lockingKey, outcome, seal) {
      if (outcome === 'stored') known.set(lockingKey, { keySeq: seal.keySeq, carry: seal.carryOut });
      else known.delete(lockingKey);
    },
    forget: (lockingKey) => known.delete(lockingKey),
  };
}

type KeyQueue = <T>(lockingKey: LockingKey, run: () => Promise<T>) => Promise<T>;

function createKeyQueue(): KeyQueue {
  const last = new Map<LockingKey, Promise<unknown>>();
  return async (lockingKey, run) => {
    const before = last.get(lockingKey) ?? Promise.resolve();
    const mine = before.then(run, run);
    last.set(lockingKey, mine);
    try {
      return await mine;
    } finally {
      if (last.get(lockingKey) === mine) last.delete(lockingKey);
    }
  };
}

/** At most `max` runs at once; the others wait in order. */
function createLimiter(max: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
