import type { Bytes } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { NodeReply } from './domain/node-answers.ts';

export interface NodeStatus {
  /** Internal byte order, lower-case hex. */
  readonly bestBlock: string;
  readonly height: number;
  readonly initialBlockDownload: boolean;
}

export interface BitcoinNode {
  readonly id: string;
  /** Whether it would take the block, proof of work aside. Never throws. */
  propose(block: Bytes, prevHash: Bytes): Promise<NodeReply>;
  /** Undefined while it cannot be reached. */
  status(): Promise<NodeStatus | undefined>;
  parentOf(blockHash: string): Promise<{ prev: string; height: number } | undefined>;
}

export interface Tip {
  readonly hash: string;
  readonly prev: string;
  readonly height: number;
  readonly firstSeenMs: UnixMs;
}

export interface Tips {
  knows(hash: string): Promise<boolean>;
  isEmpty(): Promise<boolean>;
  /** First sight of a block; a repeat changes nothing. */
  record(tip: Tip): Promise<void>;
  /** When the first child of this block (internal order, hex) was seen; for shares accepted until `latestMs`. */
  childSeenMs(prevHash: string, latestMs: number): Promise<number | undefined>;
}

export interface Circuit {
  /** Fewer nodes than the quorum are healthy. */
  isOpen(): boolean;
}
