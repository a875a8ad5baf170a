import type { ServiceContext } from '@assay/shared/runtime/service';
import { slotRangesCounted, templateAged } from '../../edge-telemetry.ts';
import { oldestOpenBatch, ratesLogged, ratesPassed } from '../../telemetry.ts';
import type { Pool } from '../../flows/assemble-pool.ts';
import { followBlocks } from '../../flows/follow-blocks.ts';
import { followTemplates, noteJobs } from '../../flows/follow-templates.ts';
import { SLOT_TTL_MS } from '../../flows/hold-slot.ts';
import { scanChain } from '../../flows/scan-chain.ts';
import { oldestOpenSince, sweepOldBatches, sweepOrphans } from '../../flows/sweep-batches.ts';
import { closeExpiredTemplates, removeOldBodies } from '../../flows/sweep-templates.ts';

/** Whether this instance holds each of the leases (01-pool section 1). */
export interface Leases {
  isTracker(): boolean;
  isSweeper(): boolean;
}

const WRITER_MS = 50;
const SECOND_MS = 1_000;
const COUNTS_MS = 10_000;
const BLOCKS_MS = 10_000;
const MINUTE_MS = 60_000;
const OLD_MS = 600_000;

/** Starts everything of the pool that repeats, and says what has to end how. */
export async function runPool(context: ServiceContext, pool: Pool, leases: Leases, tipPollMs: number): Promise<void> {
  await holdSlot(context, pool);
  followChain(context, pool, leases, tipPollMs);
  context.every('templates', SECOND_MS, async () => {
    await followTemplates({ ...pool, ...pool.ports });
    await pool.maker.tick();
  });
  // By itself: it rises also while the template of others cannot be read.
  context.every('age of the template', SECOND_MS, () => templateAged(pool.board.ageMs()));
  noteAllJobs(context, pool);
  context.every('statistics', COUNTS_MS, () => {
    ratesPassed(context.clock.now());
    return pool.counts.flush();
  });
  context.every('hash rates in the log', MINUTE_MS, () => ratesLogged(context.log, context.clock.now()));
  context.every('oldest open batch', COUNTS_MS, async () => {
    const since = await oldestOpenSince(pool.ports, pool.rules.windowMs);
    oldestOpenBatch(since === undefined ? 0 : context.clock.now() - since);
  });
  sweep(context, pool, leases);
  context.every('batches', WRITER_MS, () => pool.writer.tick());
  endBatches(context, pool);
  context.readiness('slot', () => pool.slot.slot() !== undefined);
  context.readiness('template', () => pool.board.isFresh());
  context.readiness('store', () => pool.serves() || !pool.board.isFresh());
}

/** Each few seconds, and when another template takes over: after that no job of the one before is sent. */
function noteAllJobs(context: ServiceContext, { board, ports }: Pool): void {
  context.every('notes of jobs', COUNTS_MS, () => noteJobs({ ...ports, board }));
  let before: string | undefined;
  board.onWork(({ template }) => {
    if (before !== undefined && before !== template.id) {
      const noted = ports.templates.noteJob(before, context.clock.now());
      noted.catch((error: unknown) => ports.reportFault('note-jobs', error));
    }
    before = template.id;
  });
}

async function holdSlot(context: ServiceContext, { slot, writer }: Pool): Promise<void> {
  const beat = async () => {
    await slot.beat();
    if (slot.slot() !== undefined) writer.storeAnswered();
    slotRangesCounted(slot.rangesFree());
  };
  await beat();
  context.onStop('work', 'slot', () => slot.leave());
  context.every('slot', SLOT_TTL_MS / 3, beat);
}

/** What is registered last stops first: before the work with nodes, which may hang, and while the ticks go on. */
function endBatches(context: ServiceContext, { writer, counts }: Pool): void {
  context.onStop('work', 'statistics', () => counts.flush());
  context.onStop('work', 'batches', () => writer.drain());
}

function followChain(context: ServiceContext, pool: Pool, leases: Leases, tipPollMs: number): void {
  const { watch, maker, ports } = pool;
  watch.nodes.forEach((node, index) => {
    // A node that is away is told of by its health and its metric, not by a line in the log each poll.
    context.every(`tip of ${node.id}`, tipPollMs, () => watch.poll(index).catch(() => undefined));
  });
  const follow = async () => {
    if (leases.isTracker()) await followBlocks({ ...ports, nodes: watch.nodes }, watch.height());
  };
  watch.onTip(() => {
    if (ports.mayMake()) void maker.make();
    follow().catch((error: unknown) => ports.reportFault('follow-blocks', error));
  });
  context.every('blocks', BLOCKS_MS, follow);
  context.every('scan of the chain', SECOND_MS, createScan(pool, leases));

  const stopping = new AbortController();
  context.onStop('work', 'long poll', () => stopping.abort());
  maker.longPoll(stopping.signal).catch((error: unknown) => context.failed(error));
}

/** Once per tenure of the tracker: who held the lease before may have crashed between a block and its document. */
function createScan({ watch, ports, rules }: Pool, leases: Leases): () => Promise<void> {
  let scanned = false;
  return async () => {
    const node = watch.inUse();
    if (!leases.isTracker() || node === undefined) scanned &&= leases.isTracker();
    else if (!scanned) {
      await scanChain({ ...ports, ...rules.template, node });
      scanned = true;
    }
  };
}

function sweep(context: ServiceContext, { ports, rules, sealer }: Pool, leases: Leases): void {
  const swept = { ...ports, sealer };
  context.every('orphaned batches', Math.min(SECOND_MS, rules.orphanMs), async () => {
    if (!leases.isSweeper()) return;
    await sweepOrphans(swept, rules);
  });
  context.every('expired templates', COUNTS_MS, async () => {
    if (leases.isSweeper()) await closeExpiredTemplates(ports, rules.judge.jobTtlMs);
  });
  context.every('retention', OLD_MS, async () => {
    if (!leases.isSweeper()) return;
    await sweepOldBatches(swept, rules);
    await removeOldBodies(ports);
  });
}
