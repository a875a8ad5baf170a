import type { Bytes } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey, PoolId } from '@assay/shared/kernel/ids';
import type { Machine } from '@assay/shared/kernel/machine';

export type BlockState = 'submitted' | 'refused' | 'chained' | 'mature' | 'orphaned';

export const BLOCK_EVENTS = ['refused-by-all', 'confirmed', 'matured', 'lost'] as const;
export type BlockEvent = (typeof BLOCK_EVENTS)[number];

/** States of a found block after its insertion as submitted (01-pool section 10). */
export const BLOCK: Machine<BlockState, BlockEvent> = {
  submitted: { 'refused-by-all': 'refused', confirmed: 'chained', lost: 'orphaned' },
  orphaned: { confirmed: 'chained' },
  chained: { matured: 'mature', lost: 'orphaned' },
  mature: { lost: 'orphaned' },
  refused: { confirmed: 'chained' },
};

export const MATURE_CONFIRMATIONS = 100;
/** A block that no node knows for this long is lost. */
export const UNKNOWN_LOST_MS = 600_000;

/** What one node answered to submitblock: `null` when taken, else the node's word. */
export interface BlockAnswer {
  readonly nodeId: string;
  readonly answer: string;
}

export type AnswerMeaning = 'taken' | 'refused' | 'undecided';

/** Open set: words that are not known leave the block undecided. */
export function meaningOf(answer: string): AnswerMeaning {
  if (answer === 'null' || answer === 'duplicate') return 'taken';
  if (answer === 'high-hash' || answer === 'prev-blk-not-found' || answer === 'duplicate-invalid') return 'refused';
  return answer.startsWith('bad-') || answer.startsWith('time-') ? 'refused' : 'undecided';
}

/** Whether every one of the nodes asked has refused. */
export function refusedByAll(answers: readonly BlockAnswer[], nodes: number): boolean {
  return answers.length === nodes && nodes > 0 && answers.every(({ answer }) => meaningOf(answer) === 'refused');
}

/** What the nodes know of a block now. */
export interface BlockSighting {
  /** From getblockheader: −1 off the active chain; undefined when no node knows the block. */
  readonly confirmations: number | undefined;
  /** Since when no node knows it. */
  readonly unknownSince?: UnixMs;
}

/** The event that a sighting means for a block in `state`, or none. */
export function eventOf(state: BlockState, sighting: BlockSighting, now: UnixMs): BlockEvent | undefined {
  const { confirmations, unknownSince } = sighting;
  if (confirmations === undefined) {
    return unknownSince !== undefined && now >= unknownSince + UNKNOWN_LOST_MS ? 'lost' : undefined;
  }
  if (confirmations === -1) return 'lost';
  if (state === 'chained') return confirmations >= MATURE_CONFIRMATIONS ? 'matured' : undefined;
  return confirmations >= 1 ? 'confirmed' : undefined;
}

/** A block that the pool found. */
export interface Block {
  /** Display order, 64 hex. */
  readonly hash: string;
  readonly poolId: PoolId;
  readonly height: number;
  readonly header: Bytes;
  readonly extranonce: Bytes;
  /** Empty when a scan of the chain found it and its template is not known. */
  readonly templateId: string;
  readonly lockingKey: LockingKey | '';
  readonly worker: string;
  /** Sat to the pool's scripts. */
  readonly reward: bigint;
  readonly foundAt: UnixMs;
  readonly source: 'share' | 'scan';
  readonly state: BlockState;
  readonly confirmations: number;
  readonly answers: readonly BlockAnswer[];
  readonly unknownSince?: UnixMs;
  readonly updatedAt: UnixMs;
  readonly version: number;
}
