import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { consume, type Disposition } from '@assay/shared/runtime/consumer';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import { type AcceptedBatch, BATCH_REFUSALS } from '../../domain/accepted-batch.ts';
import { createQuote, type CreateOutcome, type CreateQuotePorts } from '../../flows/create-quote.ts';

const CONCURRENCY = 32;

/** Durable `mint-quotes`: each accepted batch becomes one PENDING quote. */
export function consumeAcceptedBatches(context: ServiceContext, db: Db, bus: Bus, ports: CreateQuotePorts): void {
  consume(context, db, bus, {
    durable: 'mint-quotes',
    events: ['pool.batch.accepted'],
    concurrency: CONCURRENCY,
    handle: async ({ message }) => dispositionOf(await createQuote(ports, parseBatch(message))),
  });
}

function dispositionOf(outcome: CreateOutcome): Disposition {
  if (outcome.is !== 'refused') return { do: 'ack' };
  const { code } = outcome;
  const letter = BATCH_REFUSALS[code];
  return letter === 'POISON' ? { do: 'poison', code } : { do: 'dead-letter', class: letter, code };
}

function parseBatch(message: BatchAccepted): AcceptedBatch {
  return {
    batchId: message.batchId,
    poolId: message.poolId,
    lockingKey: message.lockingKey,
    keySeq: message.keySeq,
    templateId: message.templateId,
    assignedTarget: message.assignedTarget,
    creditShift: message.creditShift,
    carryIn: message.carryIn,
    carryOut: message.carryOut,
    creditSum: message.creditSum,
    shareCount: message.shares.length,
    sharesRoot: message.sharesRoot,
    batchHash: message.batchHash,
    poolSignature: message.poolSignature,
  };
}
