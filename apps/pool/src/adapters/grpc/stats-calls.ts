import type { GetPoolStatsResponse, Slot as SlotMessage } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { fromHex } from '@assay/shared/kernel/bytes';
import { type Clock, later, type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { workOfTarget } from '../../domain/difficulty.ts';
import { effortPercent, hashRates, sumRates } from '../../domain/statistics/hash-rate.ts';
import type { WorkerRecord } from '../../domain/worker.ts';
import { freeRanges } from '../../flows/hold-slot.ts';
import type { JobBoard } from '../../flows/job-board.ts';
import type { BlockPort, SlotPort, WorkerPort } from '../../ports.ts';
import { ratesMessage, shareCounts } from './worker-calls.ts';

export interface StatsCallPorts {
  readonly poolId: string;
  readonly workers: WorkerPort;
  readonly slots: SlotPort;
  readonly blocks: BlockPort;
  readonly workSince: (at: UnixMs) => Promise<bigint>;
  readonly board: JobBoard;
  readonly clock: Clock;
  readonly prefixRestMs: number;
}

const READ_AT_ONCE = 500;
const RECORDS_MAX = 200_000;
const RATED_MS = 7 * 86_400_000;
const ACTIVE_MS = 600_000;
const KEPT_MS = 5_000;

/** GetPoolStats, computed at most once in five seconds: it reads every worker. */
export function statsCalls(ports: StatsCallPorts) {
  let kept: { readonly at: UnixMs; readonly answer: Promise<GetPoolStatsResponse> } | undefined;
  return {
    getPoolStats(): Promise<GetPoolStatsResponse> {
      const now = ports.clock.now();
      if (kept === undefined || now >= kept.at + KEPT_MS) {
        kept = { at: now, answer: statsOf(ports, now) };
        kept.answer.catch(() => {
          kept = undefined;
        });
      }
      return kept.answer;
    },
  };
}

async function statsOf(ports: StatsCallPorts, now: UnixMs): Promise<GetPoolStatsResponse> {
  const records = await recordsSince(ports.workers, later(now, -RATED_MS));
  const active = records.filter(({ lastShareAt }) => lastShareAt !== undefined && now < lastShareAt + ACTIVE_MS);
  const lastBlock = await ports.blocks.lastChained();
  const work = await ports.workSince(lastBlock?.foundAt ?? unixMs(0));
  const { offer } = ports.board;
  return {
    poolId: ports.poolId,
    hashRates: ratesMessage(sumRates(records.map(({ rates }) => hashRates(rates, now)))),
    miners: new Set(active.map(({ lockingKey }) => lockingKey)).size,
    workers: new Set(active.map(({ lockingKey, name }) => `${lockingKey}.${name}`)).size,
    shares: shareCounts(records),
    currentTemplateId: Buffer.from(fromHex(offer?.template.id ?? '')),
    templateAgeMs: BigInt(offer === undefined ? 0 : now - offer.fetchedAt),
    workSinceBlock: work.toString(),
    effortPercent: offer === undefined ? 0 : effortPercent(work, workOfTarget(offer.template.networkTarget)),
    slots: await slotMessages(ports, now),
  };
}

async function recordsSince(workers: WorkerPort, activeSince: UnixMs): Promise<readonly WorkerRecord[]> {
  const records: WorkerRecord[] = [];
  while (records.length < RECORDS_MAX) {
    const last = records.at(-1);
    const after = last === undefined ? {} : { after: `${last.lockingKey}.${last.name}/${last.slot}` };
    const page = await workers.list({ activeSince, ...after }, READ_AT_ONCE);
    records.push(...page);
    if (page.length < READ_AT_ONCE) break;
  }
  return records;
}

async function slotMessages({ slots, prefixRestMs }: StatsCallPorts, now: UnixMs): Promise<SlotMessage[]> {
  const held = (await slots.list()).filter(({ until }) => now < until);
  return held.map((slot) => ({
    slot: slot.slot,
    owner: slot.owner,
    untilMs: BigInt(slot.until),
    rangesFree: freeRanges(slot, now, prefixRestMs).length,
  }));
}
