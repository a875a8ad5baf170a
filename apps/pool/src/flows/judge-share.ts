import type { Clock } from '@assay/shared/kernel/clock';
import {
  type HashedShare,
  type JudgeConnection,
  type Judgement,
  type JudgeRules,
  judgeShare,
  type Tip,
} from '../domain/judge.ts';
import { extranonceOf, headerOf, type ShareRefusal, type Worker } from '../domain/share.ts';
import type { ShareSet } from '../domain/share-set.ts';
import type { HashShare, SubmitCandidate } from '../ports.ts';
import { shareAnswered, stopwatch, traceRefusal } from '../telemetry.ts';
import type { ShareCounts } from './count-shares.ts';
import type { BatchWriter } from './store-shares.ts';
import type { RefusalTeller } from './tell-refusals.ts';

export interface JudgeSharePorts {
  readonly clock: Clock;
  readonly hashShare: HashShare;
  readonly writer: BatchWriter;
  readonly seen: ShareSet;
  readonly counts: ShareCounts;
  readonly submitCandidate: SubmitCandidate;
  readonly refusals: Pick<RefusalTeller, 'tell'>;
  /** Undefined before the first template: shares are then `stale`. */
  tip(): Tip | undefined;
  /** Whether some template is younger than POOL_TEMPLATE_MAX_AGE_MS. */
  hasFreshTemplate(): boolean;
  isInvalid(templateId: string): boolean;
}

/** What came of one submit. `k` is that of the job: vardiff counts accepted shares on jobs of the current k. */
export type ShareResult =
  | { readonly accepted: true; readonly worker: Worker; readonly k: number }
  | { readonly accepted: false; readonly reason: ShareRefusal; readonly worker?: Worker };

/** @param params of `mining.submit` as parsed from JSON. Resolves when the share is durable or refused; never rejects. */
export type ShareJudge = (connection: JudgeConnection, params: readonly unknown[]) => Promise<ShareResult>;

/** Judges a share (J1–J14), submits it when it is a block, and stores it when it is accepted (J15). */
export function createShareJudge(ports: JudgeSharePorts, rules: JudgeRules): ShareJudge {
  const { clock, seen, writer } = ports;
  const isSeen = (hash: Uint8Array) => seen.has(hash);
  return async (connection, params) => {
    const now = clock.now();
    const startedAt = stopwatch();
    const judgement = judgeShare(
      {
        now,
        tip: ports.tip() ?? { prevHash: '', changedAt: now },
        freshTemplate: ports.hasFreshTemplate(),
        isInvalid: ports.isInvalid,
        isSeen,
        pendingShares: writer.pending(),
        hashShare: ports.hashShare,
      },
      rules,
      connection,
      params,
    );
    // J7: whatever the rest says, and before anything is awaited.
    if (judgement.hashed?.candidate === true) submitCandidate(ports, judgement.hashed);
    const judgedSeconds = (stopwatch() - startedAt) / 1000;
    const result = await stored(ports, judgement);
    const outcome = result.accepted ? 'accepted' : result.reason;
    shareAnswered(outcome, judgedSeconds, (stopwatch() - startedAt) / 1000);
    if (!result.accepted) traceRefusal(result.reason, now, clock.now());
    return result;
  };
}

/** J13 to J15: what was accepted is in the local set before it is written, so that a repeat meanwhile is a duplicate. */
async function stored(ports: JudgeSharePorts, judgement: Judgement): Promise<ShareResult> {
  if (!judgement.accepted) {
    const { reason, worker } = judgement;
    return worker === undefined ? { accepted: false, reason } : refused(ports, worker, reason);
  }
  const { share } = judgement;
  const { worker, k, hash, acceptedAt } = share;
  ports.seen.add(hash);
  const outcome = await ports.writer.submit(share);
  if (outcome !== 'stored') return refused(ports, worker, outcome);
  ports.counts.accepted(worker, k, hash, acceptedAt);
  return { accepted: true, worker, k };
}

function refused(ports: JudgeSharePorts, worker: Worker, reason: ShareRefusal): ShareResult {
  ports.counts.refused(worker, reason);
  ports.refusals.tell(worker, reason);
  return { accepted: false, reason, worker };
}

function submitCandidate(ports: JudgeSharePorts, { job, worker, record, hash }: HashedShare): void {
  ports.submitCandidate({
    template: job.template,
    header: headerOf(record),
    hash,
    extranonce: extranonceOf(record),
    lockingKey: worker.lockingKey,
    worker: worker.name,
  });
}
