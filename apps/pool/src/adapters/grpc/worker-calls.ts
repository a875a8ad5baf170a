import type {
  GetMinerRequest,
  HashRates,
  ListWorkersRequest,
  ShareCount,
  Worker as WorkerMessage,
} from '@assay/proto/gen/assay/pool/v1/pool_service';
import { fromHex } from '@assay/shared/kernel/bytes';
import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import { difficultyOfHash, hashRates, lowerHash, sumRates } from '../../domain/statistics/hash-rate.ts';
import type { WorkerRecord } from '../../domain/worker.ts';
import type { BatchPort, WorkerFilter, WorkerPort } from '../../ports.ts';
import { instantOf, lockingKeyOf, tokenText } from './requests.ts';

export interface WorkerCallPorts {
  readonly workers: WorkerPort;
  readonly batches: Pick<BatchPort, 'totals'>;
  readonly clock: Clock;
}

/** A worker has a record on each slot that it mined on; so many are read beyond a page to see the last one whole. */
const SLOTS_READ_AHEAD = 64;

export function workerCalls({ workers, batches, clock }: WorkerCallPorts) {
  return {
    async getMiner({ lockingKey }: GetMinerRequest) {
      const totals = await batches.totals(lockingKeyOf(lockingKey));
      if (totals === undefined) throw new GrpcFault('KEY_UNKNOWN', 'this pool has no share of this key');
      const { work, creditDeclared, creditValid, creditInvalid, creditOpen, head } = totals;
      const credits = { creditDeclared, creditValid, creditInvalid, creditOpen };
      return { lockingKey, work: work.toString(), ...credits, keySeq: head.keySeq, carry: head.carry };
    },
    async listWorkers(request: ListWorkersRequest) {
      const size = pageSize(request.pageSize);
      const limit = size + SLOTS_READ_AHEAD;
      const records = await workers.list(filterOf(request), limit);
      const groups = groupedByWorker(records);
      if (records.length === limit) groups.pop();
      const page = groups.slice(0, size);
      const more = groups.length > size || records.length === limit;
      const last = more ? page.at(-1)?.at(-1) : undefined;
      const token =
        last === undefined ? '' : encodePageToken({ after: `${last.lockingKey}.${last.name}/${last.slot}` });
      return { workers: page.map((group) => workerMessage(group, clock.now())), nextPageToken: token };
    },
  };
}

function filterOf(request: ListWorkersRequest): WorkerFilter {
  const { after } = decodePageToken(request.pageToken);
  const activeSince = instantOf(request.activeSinceMs, 'active_since_ms');
  return {
    ...(request.lockingKey.length === 0 ? {} : { lockingKey: lockingKeyOf(request.lockingKey) }),
    ...(activeSince === undefined ? {} : { activeSince }),
    ...(request.pageToken === '' ? {} : { after: tokenText(after) }),
  };
}

/** The records come ordered, so those of one worker lie together. */
function groupedByWorker(records: readonly WorkerRecord[]): WorkerRecord[][] {
  const groups: WorkerRecord[][] = [];
  for (const record of records) {
    const [known] = groups.at(-1) ?? [];
    const same = known?.lockingKey === record.lockingKey && known.name === record.name;
    if (same) groups.at(-1)?.push(record);
    else groups.push([record]);
  }
  return groups;
}

function workerMessage(records: readonly WorkerRecord[], now: UnixMs): WorkerMessage {
  const newest = records.toSorted((a, b) => b.seenAt - a.seenAt)[0];
  const best = records.reduce<Uint8Array | undefined>(
    (lowest, { bestHash }) => (bestHash === undefined ? lowest : lowerHash(lowest, bestHash)),
    undefined,
  );
  const first = records.flatMap(({ rates }) => (rates === undefined ? [] : [rates.first]));
  const last = records.flatMap(({ lastShareAt }) => (lastShareAt === undefined ? [] : [lastShareAt]));
  return {
    lockingKey: Buffer.from(fromHex(newest?.lockingKey ?? '')),
    worker: newest?.name ?? '',
    agent: newest?.agent ?? '',
    difficultyLog2: newest?.k ?? 0,
    hashRates: ratesMessage(sumRates(records.map(({ rates }) => hashRates(rates, now)))),
    shares: shareCounts(records),
    bestShareDifficulty: best === undefined ? 0 : difficultyOfHash(best),
    firstShareMs: BigInt(first.length === 0 ? 0 : Math.min(...first)),
    lastShareMs: BigInt(last.length === 0 ? 0 : Math.max(...last)),
  };
}

/** In the order of RATE_WINDOWS. */
export function ratesMessage(rates: readonly number[]): HashRates {
  const [oneMinute = 0, fiveMinutes = 0, fifteenMinutes = 0, oneHour = 0, sixHours = 0, oneDay = 0, sevenDays = 0] =
    rates;
  return { oneMinute, fiveMinutes, fifteenMinutes, oneHour, sixHours, oneDay, sevenDays };
}

/** Σ over the records, by `accepted` or the reason of the refusal. */
export function shareCounts(records: readonly WorkerRecord[]): ShareCount[] {
  const sums = new Map<string, number>();
  for (const { counts } of records) {
    for (const [reason, count] of counts) sums.set(reason, (sums.get(reason) ?? 0) + count);
  }
  return [...sums].map(([reason, count]) => ({ reason, count: BigInt(count) }));
}
