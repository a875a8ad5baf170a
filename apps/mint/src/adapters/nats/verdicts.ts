import { BatchDeadLettered, Result, VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { consume, type Disposition } from '@assay/shared/runtime/consumer';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import type { VerdictRefusal } from '../../domain/settlement.ts';
import type { Verdict } from '../../domain/verdict-hash.ts';
import { noteDeadLetter } from '../../flows/note-dead-letter.ts';
import { settleQuote, type SettleQuotePorts } from '../../flows/settle-quote.ts';
import { verdictRefused } from '../../telemetry.ts';

export const VERDICTS_DURABLE = 'mint-verdicts';

const CONCURRENCY = 32;
/** A verdict that overtook its batch; after the last wait the auditor publishes it again. */
const EARLY_DELAYS_MS = [250, 1_000, 5_000, 15_000, 60_000, 300_000];

/** Durable `mint-verdicts`: verdicts settle quotes; batches that the auditor gave up on are noted. */
export function consumeVerdicts(context: ServiceContext, db: Db, bus: Bus, ports: SettleQuotePorts): void {
  consume(context, db, bus, {
    durable: VERDICTS_DURABLE,
    events: ['auditor.verdict.given', 'auditor.batch.dead-lettered'],
    concurrency: CONCURRENCY,
    handle: async ({ event, raw }) => {
      if (event === 'auditor.verdict.given') return settle(context, ports, VerdictGiven.decode(raw));
      const { poolId, batchId, batchHash } = BatchDeadLettered.decode(raw);
      await noteDeadLetter(ports, { poolId, batchId, batchHash: toHex(batchHash) });
      return { do: 'ack' };
    },
  });
}

async function settle(context: ServiceContext, ports: SettleQuotePorts, message: VerdictGiven): Promise<Disposition> {
  const verdict = parseVerdict(message);
  if (verdict === undefined) {
    verdictRefused('malformed');
    return refusal(context, message, 'malformed');
  }
  const outcome = await settleQuote(ports, verdict);
  if (outcome.is === 'refused') return refusal(context, message, outcome.reason);
  if (outcome.is !== 'before-its-batch') return { do: 'ack' };
  return { do: 'wait', code: 'VERDICT_EARLY', delaysMs: EARLY_DELAYS_MS, class: 'SEQUENCE' };
}

function refusal({ log }: ServiceContext, { poolId, batchId }: VerdictGiven, reason: VerdictRefusal): Disposition {
  const code = reason === 'conflict' ? 'VERDICT_CONFLICT' : 'VERDICT_REFUSED';
  log.error({ poolId, batchId, code, reason }, 'a verdict was refused');
  return { do: 'poison', code, error: reason };
}

const RESULTS = new Map<Result, Verdict['result']>([
  [Result.RESULT_VALID, 'VALID'],
  [Result.RESULT_INVALID, 'INVALID'],
]);

function parseVerdict(message: VerdictGiven): Verdict | undefined {
  const result = RESULTS.get(message.result);
  if (result === undefined || message.decidedAtMs > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    poolId: message.poolId,
    batchId: message.batchId,
    batchHash: toHex(message.batchHash),
    result,
    code: message.code,
    declared: message.declared,
    credited: message.credited,
    decidedAt: unixMs(Number(message.decidedAtMs)),
    excluded: message.excluded.map(({ index, code }) => ({ index, code })),
    auditorKey: toHex(message.auditorPubkey),
    verdictHash: toHex(message.verdictHash),
    signature: toHex(message.signature),
  };
}
