import type { Bytes } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import type { TemplateSettings } from '../domain/build-template.ts';
import type { DifficultyBounds } from '../domain/difficulty.ts';
import { difficultyBounds } from '../domain/difficulty.ts';
import type { JudgeRules } from '../domain/judge.ts';
import { createShareSet } from '../domain/share-set.ts';
import type { ChainNode } from '../node-port.ts';
import type {
  BatchPort,
  BlockPort,
  Failpoint,
  HashShare,
  Pause,
  PoolSigner,
  ReportFault,
  SlotPort,
  TemplateBodyPort,
  TemplatePort,
  WorkerPort,
} from '../ports.ts';
import { type BodyCache, createBodyCache } from './body-cache.ts';
import { createShareCounts, type ShareCounts } from './count-shares.ts';
import { SlotHolder } from './hold-slot.ts';
import { JobBoard } from './job-board.ts';
import { createShareJudge, type ShareJudge } from './judge-share.ts';
import { type BatchSealer, createSealer } from './seal-batch.ts';
import { type BatchWriter, createBatchWriter } from './store-shares.ts';
import { createBlockSubmitter } from './submit-block.ts';
import { createRefusalTeller, type RefusalTeller } from './tell-refusals.ts';
import { TemplateMaker } from './template-maker.ts';
import { NodeWatch } from './watch-nodes.ts';

export interface PoolPorts {
  readonly clock: Clock;
  readonly pause: Pause;
  readonly reportFault: ReportFault;
  /** Unique per process start. */
  readonly instance: string;
  readonly batches: BatchPort;
  readonly templates: TemplatePort;
  readonly bodies: TemplateBodyPort;
  readonly slots: SlotPort;
  readonly workers: WorkerPort;
  readonly blocks: BlockPort;
  readonly signer: PoolSigner;
  readonly hashShare: HashShare;
  /** Sources of templates in order of preference. */
  readonly nodes: readonly ChainNode[];
  /** Nodes that only get blocks. */
  readonly submitNodes: readonly ChainNode[];
  /** Whether this instance holds the lease of the template maker. */
  readonly mayMake: () => boolean;
  readonly failpoint?: Failpoint;
}

export interface PoolRules {
  readonly template: TemplateSettings;
  readonly judge: JudgeRules;
  readonly creditShift: number;
  readonly windowMs: number;
  readonly orphanMs: number;
  readonly retentionMs: number;
  readonly storeTimeoutMs: number;
  readonly refreshMs: number;
  readonly maxAgeMs: number;
  readonly prefixRestMs: number;
  readonly wantedSlot: number | undefined;
  readonly difficulty: DifficultyBounds;
  readonly auditorKeys: readonly Bytes[];
}

/** The parts of a pool, put together. Nothing runs by itself: timers and sockets call them. */
export interface Pool {
  readonly ports: PoolPorts;
  readonly rules: PoolRules;
  readonly board: JobBoard;
  readonly cache: BodyCache;
  readonly watch: NodeWatch;
  readonly maker: TemplateMaker;
  readonly slot: SlotHolder;
  readonly counts: ShareCounts;
  readonly sealer: BatchSealer;
  readonly writer: BatchWriter;
  readonly judge: ShareJudge;
  readonly refusals: RefusalTeller;
  /** Bounds of difficulty at the network target of now. */
  bounds(): DifficultyBounds;
  /** Whether shares can be taken: there is something to mine on, and the store answers. */
  serves(): boolean;
}

const SEEN_MAX = 2_000_000;
const STORE_AWAY_MS = 60_000;

export function assemblePool(ports: PoolPorts, rules: PoolRules): Pool {
  const { clock } = ports;
  const { poolId } = rules.template;
  const { staleGraceMs } = rules.judge;
  const board = new JobBoard({ clock, maxAgeMs: rules.maxAgeMs, staleGraceMs, firstCounter: clock.now() });
  const cache = createBodyCache();
  const watch = new NodeWatch(ports.nodes, clock);
  const slotOptions = { wanted: rules.wantedSlot, restMs: rules.prefixRestMs };
  const slot = new SlotHolder({ ...ports, owner: ports.instance }, slotOptions);
  const counts = createShareCounts({ ...ports, slot: () => slot.slot() });
  const seen = createShareSet(SEEN_MAX);
  const sealer = createSealer(ports, rules);
  const isEnded = (templateId: string) => board.isEnded(templateId);
  const writer = createBatchWriter({ ...ports, sealer, seen, isEnded }, { ...rules, poolId, instance: ports.instance });
  const submitCandidate = createBlockSubmitter({
    ...ports,
    cache,
    poolId,
    nodes: [...ports.nodes, ...ports.submitNodes],
  });
  const live = {
    tip: () => board.tip,
    hasFreshTemplate: () => board.isFresh(),
    isInvalid: (templateId: string) => board.isInvalid(templateId),
  };
  const refusals = createRefusalTeller(clock);
  const judged = { ...ports, ...live, writer, seen, counts, submitCandidate, refusals };
  const judge = createShareJudge(judged, rules.judge);
  const maker = new TemplateMaker({ ...ports, watch, cache, board }, rules.template, rules.refreshMs);
  const serves = () => {
    const failingSince = writer.failingSince();
    return board.isFresh() && (failingSince === undefined || clock.now() < failingSince + STORE_AWAY_MS);
  };
  const bounds = createBounds(board, rules.difficulty);
  return { ports, rules, board, cache, watch, maker, slot, counts, sealer, writer, judge, refusals, bounds, serves };
}

/** Computed once per template: every job of every connection asks. */
function createBounds(board: JobBoard, configured: DifficultyBounds): () => DifficultyBounds {
  let boundedFor: string | undefined;
  let bounds = configured;
  return () => {
    const template = board.work?.template;
    if (template !== undefined && template.id !== boundedFor) {
      boundedFor = template.id;
      bounds = difficultyBounds(configured, template.networkTarget);
    }
    return bounds;
  };
}
