import type { Db } from 'mongodb';
import { type Bus } from '@assay/shared/runtime/nats';
import { consume, type Delivery, type Disposition } from '@assay/shared/runtime/consumer';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { currentTrace } from '@assay/shared/runtime/telemetry';
import { takeInBatch, type TakeInBatchPorts } from '../../flows/take-in-batch.ts';
import { takeInTemplate, type TakeInTemplatePorts } from '../../flows/take-in-template.ts';
import { intakeSpan } from '../../telemetry.ts';
import type { QuoteEvent, Settlements } from '../../upkeep-ports.ts';

const CONCURRENCY = 32;
// The mint works on the same event as the intake does, and may be faster.
const UNKNOWN_BATCH_DELAYS_MS = [1_000, 5_000, 15_000, 60_000, 300_000] as const;

type PoolEvent = 'pool.batch.accepted' | 'pool.template.declared';

export interface IntakePorts {
  readonly batch: TakeInBatchPorts;
  readonly template: TakeInTemplatePorts;
  readonly settlements: Pick<Settlements, 'note'>;
}

/** Follows the facts of pools and of the mint. */
export function consumeFacts(context: ServiceContext, db: Db, bus: Bus, ports: IntakePorts): void {
  consume(context, db, bus, {
    durable: 'auditor-intake-pool',
    events: ['pool.template.declared', 'pool.batch.accepted'],
    concurrency: CONCURRENCY,
    handle: (delivery) => takeIn(ports, delivery),
  });
  consume(context, db, bus, {
    durable: 'auditor-intake-mint',
    events: ['mint.quote.created', 'mint.quote.paid', 'mint.quote.failed', 'mint.quote.issued'],
    concurrency: CONCURRENCY,
    handle: (delivery) => noteQuote(ports.settlements, delivery),
  });
}

function takeIn(ports: IntakePorts, { message, raw }: Delivery<PoolEvent>): Promise<Disposition> {
  const isBatch = 'batchHash' in message;
  const attributes = isBatch
    ? { 'assay.batch': `${message.poolId}/${message.batchId}` }
    : { 'assay.template': message.templateId.toString('hex') };
  return intakeSpan(attributes, async (span) => {
    const trace = currentTrace();
    const outcome = isBatch
      ? await takeInBatch(ports.batch, { batch: message, raw, trace })
      : await takeInTemplate(ports.template, { template: message, raw, trace });
    span.note({ 'assay.outcome': outcome.kind });
    return outcome.kind === 'quarantine' ? { do: 'poison', code: outcome.code } : { do: 'ack' };
  });
}

type QuoteEventName = 'mint.quote.created' | 'mint.quote.paid' | 'mint.quote.failed' | 'mint.quote.issued';

const QUOTE_EVENTS = {
  'mint.quote.created': 'created',
  'mint.quote.paid': 'paid',
  'mint.quote.failed': 'failed',
  'mint.quote.issued': 'issued',
} as const satisfies Record<QuoteEventName, QuoteEvent['kind']>;

async function noteQuote(
  settlements: Pick<Settlements, 'note'>,
  { event, message }: Delivery<QuoteEventName>,
): Promise<Disposition> {
  // Quotes of other methods have no batch.
  if (message.method !== 'ehash') return { do: 'ack' };
  const { poolId, batchId } = message;
  const noted = await settlements.note({ kind: QUOTE_EVENTS[event], poolId, batchId });
  if (noted) return { do: 'ack' };
  return { do: 'wait', code: 'BATCH_UNKNOWN', delaysMs: UNKNOWN_BATCH_DELAYS_MS, class: 'SEQUENCE' };
}
