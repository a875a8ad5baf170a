import type { Clock } from '@assay/shared/kernel/clock';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { addUpLuck } from './flows/add-up-luck.ts';
import { enqueueDue, type EnqueuePorts, wakeableScheduler } from './flows/enqueue-due.ts';
import { followTips } from './flows/follow-tips.ts';
import { pauseIssuance } from './flows/pause-issuance.ts';
import { pruneCredits, type PrunePorts } from './flows/prune-credits.ts';
import { replayClass, type ReplayPorts } from './flows/replay-dead-letters.ts';
import { sweep, type SweepPorts } from './flows/sweep.ts';
import type { Look } from './flows/watch-nodes.ts';
import type { BitcoinNode, Circuit, Tips } from './node-ports.ts';
import type { Scheduler } from './ports.ts';
import { showBreaches, showCircuit, showQueue } from './telemetry.ts';
import type { LuckBook, MintControl, PauseOrders, QueueControl, QueueCounts, TemplateWaits } from './upkeep-ports.ts';

const ENQUEUE_MS = 1_000;
const CONTROL_MS = 1_000;
const PAUSE_MS = 1_000;
const GAUGES_MS = 5_000;
const PRUNE_MS = 600_000;

export interface Lease {
  token(): number | undefined;
}

/** Enqueues what is due each second, and at once when woken. */
export function startScheduler(context: ServiceContext, ports: EnqueuePorts): Scheduler {
  const scheduler = wakeableScheduler(
    () => enqueueDue(ports),
    (error) => context.log.warn({ err: error }, 'what is due could not be enqueued; it is tried again'),
  );
  context.every('enqueue what is due', ENQUEUE_MS, () => {
    scheduler.wake();
    return scheduler.settled();
  });
  context.onStop('work', 'scheduler', () => scheduler.settled());
  return scheduler;
}

/** Whether operators paused the queue, as far as this process knows. */
export function followQueueControl(context: ServiceContext, control: QueueControl): () => boolean {
  let pausedUntilMs = 0;
  context.every('follow the queue control', CONTROL_MS, async () => {
    pausedUntilMs = await control.pausedUntilMs();
  });
  return () => pausedUntilMs > context.clock.now();
}

/** Looks at every node again and again: for the circuit, and for the tips while this process holds their lease. */
export function startNodeWatch(
  context: ServiceContext,
  parts: {
    nodes: readonly BitcoinNode[];
    watch: Circuit & { look(node: BitcoinNode): Promise<Look> };
    pollMs: number;
    tips: Tips;
    tipLease: Lease | undefined;
    /** Enough nodes are healthy again. */
    onClosed: () => Promise<void>;
  },
): void {
  const { nodes, watch, pollMs, tips, tipLease, onClosed } = parts;
  for (const node of nodes) {
    let resumes = false;
    context.every(`watch node ${node.id}`, pollMs, async () => {
      const { status, closed, opened } = await watch.look(node);
      showCircuit(watch.isOpen());
      if (opened) context.log.warn({ node: node.id }, 'too few nodes are healthy: no template is judged');
      if (closed) context.log.info({ node: node.id }, 'enough nodes are healthy: templates are judged');
      resumes ||= closed;
      if (resumes && !watch.isOpen()) {
        // Again at the next look, should the database be away just now.
        await onClosed();
        resumes = false;
      }
      if (status !== undefined && tipLease?.token() !== undefined) {
        await followTips({ clock: context.clock, tips }, node, status);
      }
    });
  }
}

/** What an outage of the nodes held or killed is tried again (02-auditor sections 5 and 5.1). */
export async function resumeAfterOutage(
  ports: ReplayPorts & { readonly clock: Clock; readonly templateWaits: TemplateWaits },
  automaticMax: number,
): Promise<void> {
  await ports.templateWaits.wakeNodeHolds(ports.clock.now());
  ports.scheduler.wake();
  const order = { reason: 'enough bitcoin nodes are healthy again', automatic: true, automaticMax };
  await replayClass(ports, 'DEPENDENCY', order);
}

/** Sweeps while this process holds the lease. */
export function startSweeper(
  context: ServiceContext,
  parts: { lease: Lease; intervalMs: number; ports: SweepPorts & PrunePorts; luck: LuckBook },
): void {
  const { lease, intervalMs, ports, luck } = parts;
  context.every('prune credits', PRUNE_MS, async () => {
    if (lease.token() !== undefined) await pruneCredits(ports);
  });
  context.every('sweep', intervalMs, async () => {
    if (lease.token() === undefined) return;
    await sweep(ports);
    await addUpLuck({ clock: context.clock, luck, breaches: ports.breaches });
  });
}

/** Tells the mint of breaches that stop it until it has answered; the returned function does so at once. */
export function startPausing(context: ServiceContext, ports: { orders: PauseOrders; mint: MintControl }): () => void {
  context.every('pause issuance', PAUSE_MS, () => pauseIssuance(ports));
  return () =>
    void pauseIssuance(ports).catch((error: unknown) =>
      context.log.error({ err: error }, 'the mint was not told to pause; it is told again'),
    );
}

/** Keeps the gauges of queue and breaches true. */
export function startGauges(
  context: ServiceContext,
  stores: {
    counts: { count(nowMs: number): Promise<QueueCounts> };
    breaches: { countOpen(): Promise<Parameters<typeof showBreaches>[0]> };
  },
): void {
  context.every('gauges', GAUGES_MS, async () => {
    showQueue(await stores.counts.count(context.clock.now()));
    showBreaches(await stores.breaches.countOpen());
  });
}
