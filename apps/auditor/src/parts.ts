import type { ServiceContext } from '@assay/shared/runtime/service';
import { type AuditorConfig, concurrencyOf, type Part } from './config.ts';
import type { TaskKind } from './domain/tasks.ts';
import { rememberCarries, rememberJudged, rememberOwners, rememberTips } from './flows/remember.ts';
import type { TakeInBatchPorts } from './flows/take-in-batch.ts';
import type { TakeInTemplatePorts } from './flows/take-in-template.ts';
import { watchNodes } from './flows/watch-nodes.ts';
import {
  followQueueControl,
  type Lease,
  resumeAfterOutage,
  startGauges,
  startNodeWatch,
  startPausing,
  startScheduler,
  startSweeper,
} from './loops.ts';
import type { BitcoinNode, Tips } from './node-ports.ts';
import type {
  BatchDecisions,
  BatchIntake,
  BatchWaits,
  BodySource,
  BodyStore,
  Breaches,
  Dice,
  DueWork,
  ExtranonceOwners,
  LetterBox,
  Pools,
  Signer,
  TaskQueue,
  TemplateDecisions,
  TemplateIntake,
  TemplatePorts,
} from './ports.ts';
import type { showBreaches } from './telemetry.ts';
import type {
  AuditRecords,
  BreachRecords,
  CreditIndex,
  DeadLetters,
  LuckBook,
  MintControl,
  PauseOrders,
  QueueControl,
  QueueCounts,
  Settlements,
  StuckWork,
  TaskProgress,
  TemplateWaits,
} from './upkeep-ports.ts';

/** Everything that the parts keep in the database. */
export interface Stores {
  readonly batchIntake: BatchIntake;
  readonly batches: BatchDecisions;
  readonly waits: BatchWaits;
  readonly templateIntake: TemplateIntake;
  readonly templates: TemplateDecisions;
  readonly templateWaits: TemplateWaits;
  readonly work: Readonly<Record<TaskKind, DueWork>>;
  readonly stuck: { readonly batch: Pick<StuckWork, 'lost'>; readonly template: StuckWork };
  readonly bodies: BodyStore;
  readonly owners: ExtranonceOwners;
  readonly tips: Tips;
  readonly breaches: Breaches &
    PauseOrders &
    BreachRecords & { countOpen(): Promise<Parameters<typeof showBreaches>[0]> };
  readonly credits: CreditIndex;
  readonly luck: LuckBook;
  readonly settlements: Settlements;
  readonly letters: LetterBox;
  readonly deadLetters: DeadLetters;
  readonly control: QueueControl;
  readonly counts: { count(nowMs: number): Promise<QueueCounts> };
  readonly records: AuditRecords;
}

/** What the parts are made of, besides the configuration. */
export interface Resources {
  readonly stores: Stores;
  readonly pools: Pools;
  readonly nodes: readonly BitcoinNode[];
  readonly quorum: number;
  readonly bodySource: BodySource;
  readonly mint: MintControl;
  readonly queue: TaskQueue;
  readonly progress: TaskProgress;
  readonly signer: Signer;
  readonly dice: Dice;
  lease(part: Part): Lease;
  consumeFacts(ports: {
    batch: TakeInBatchPorts;
    template: TakeInTemplatePorts;
    settlements: Pick<Settlements, 'note'>;
  }): void;
  consumeTasks(options: { ports: TemplatePorts; concurrency: number; isPaused: () => boolean }): void;
}

/** Starts the parts that the configuration selects; returns what the gRPC services need (02-auditor section 1). */
export function startParts(context: ServiceContext, config: AuditorConfig, resources: Resources) {
  const { stores, nodes, quorum } = resources;
  const has = (part: Part) => config.AUDITOR_PARTS.includes(part);
  const watch = watchNodes(nodes, quorum);
  const waiting = [stores.work.template, stores.work.batch];
  const scheduler = startScheduler(context, { clock: context.clock, waiting, queue: resources.queue });
  const ports = judgePorts(context, config, resources, { circuit: watch, scheduler });
  const pauseMint = startPausing(context, { orders: stores.breaches, mint: resources.mint });
  startGauges(context, stores);

  if (has('intake')) {
    const shared = { ...ports, pauseMint };
    resources.consumeFacts({
      batch: { ...shared, intake: stores.batchIntake },
      template: { ...shared, intake: stores.templateIntake },
      settlements: stores.settlements,
    });
  }
  if (has('worker')) {
    const isPaused = followQueueControl(context, stores.control);
    resources.consumeTasks({ ports, concurrency: concurrencyOf(config), isPaused });
  }
  const revival = { ...ports, deadLetters: stores.deadLetters, templateWaits: stores.templateWaits };
  startNodeWatch(context, {
    nodes,
    watch,
    tips: stores.tips,
    pollMs: config.AUDITOR_NODE_TIP_POLL_MS,
    tipLease: has('tips') ? resources.lease('tips') : undefined,
    onClosed: () => resumeAfterOutage(revival, config.AUDITOR_DLQ_AUTO_REPLAYS),
  });
  if (has('sweeper')) startSweeping(context, config, resources, ports);
  return {
    clock: context.clock,
    records: stores.records,
    queue: stores.counts,
    control: stores.control,
    breaches: stores.breaches,
    circuit: watch,
    workers: has('worker') ? concurrencyOf(config) : 0,
    ports: { ...revival, ...{ breaches: stores.breaches, settlements: stores.settlements, records: stores.records } },
  };
}

function judgePorts(
  { clock }: ServiceContext,
  config: AuditorConfig,
  { stores, nodes, quorum, pools, bodySource, signer, dice }: Resources,
  local: Pick<TemplatePorts, 'circuit' | 'scheduler'>,
): TemplatePorts {
  const { waits, breaches, letters, bodies } = stores;
  const shareRules = {
    ntimeAheadS: config.AUDITOR_SHARE_NTIME_AHEAD_S,
    staleGraceMs: config.AUDITOR_SHARE_STALE_GRACE_MS,
  };
  const templates = rememberJudged(stores.templates);
  const batches = rememberCarries(stores.batches);
  const owners = rememberOwners(stores.owners);
  const tips = rememberTips(stores.tips, clock, shareRules.staleGraceMs);
  return {
    ...{ clock, pools, shareRules, batches, waits, templates, owners, tips, breaches, letters, bodies },
    ...{ nodes, quorum, bodySource, signer, dice },
    ...local,
  };
}

function startSweeping(
  context: ServiceContext,
  config: AuditorConfig,
  { stores, queue, progress, lease }: Resources,
  ports: TemplatePorts,
): void {
  const { stuck, work, settlements, deadLetters, credits } = stores;
  startSweeper(context, {
    lease: lease('sweeper'),
    intervalMs: config.AUDITOR_SWEEP_INTERVAL_MS,
    luck: stores.luck,
    ports: {
      ...ports,
      ...{ stuck, work, settlements, deadLetters, credits, queue, progress },
      abandoned: stuck.template,
      stuckMs: config.AUDITOR_SWEEP_STUCK_MS,
    },
  });
}
