import type { Bytes } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { ShareRefusal } from './share.ts';
import type { RateSums } from './statistics/hash-rate.ts';

/** What one worker did on one slot: written by the instance that holds the slot, each 10 s. */
export interface WorkerRecord {
  readonly lockingKey: LockingKey;
  readonly name: string;
  readonly slot: number;
  readonly agent: string;
  readonly k: number;
  readonly counts: ReadonlyMap<'accepted' | ShareRefusal, number>;
  /** Hashes of all accepted shares. */
  readonly work: bigint;
  readonly rates?: RateSums;
  /** Lowest hash ever, internal byte order. */
  readonly bestHash?: Bytes;
  readonly lastShareAt?: UnixMs;
  readonly seenAt: UnixMs;
}
