import { CATALOGUE, NOTE_SUBJECTS } from '@assay/proto/catalogue';
import type { Db } from 'mongodb';
import { consume } from '@assay/shared/runtime/consumer';
import { watchDeadLetters } from '@assay/shared/runtime/dead-letter-gauge';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { connectNats, untilStreamsExist } from '@assay/shared/runtime/nats';
import { type OutboxEntry, startRelay } from '@assay/shared/runtime/outbox';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Pool } from '../../flows/assemble-pool.ts';
import { applyTemplateVerdict } from '../../flows/apply-template-verdict.ts';
import { applyVerdict, noteDeadLetter } from '../../flows/apply-verdict.ts';
import { followTemplates } from '../../flows/follow-templates.ts';
import { shareRefusedNote } from './events.ts';
import { VERDICT_EVENTS, VERDICTS_DURABLE, verdictHandler } from './verdicts.ts';

type ListenToSealed = (listener: (batchId: string, event: OutboxEntry) => void) => void;

const CONCURRENCY = 16;

/**
 * Facts out and verdicts in, as soon as NATS is there. Mining does not wait for it: what the pool has to tell is in the
 * outboxes, and templates of other instances are found by reading.
 */
export async function connectBus(
  context: ServiceContext,
  db: Db,
  pool: Pool,
  options: { readonly url: string; readonly outboxes: readonly string[]; readonly listenToSealed: ListenToSealed },
): Promise<void> {
  watchDeadLetters(context, deadLetterStore(db, context.name));
  const bus = await connectNats(context, options);
  await untilStreamsExist(context, bus, ['POOL']);
  const relay = startRelay(context, db, bus, options.outboxes);
  options.listenToSealed((batchId, event) => relay.committed('batches', batchId, event));
  const { ports, rules, board } = pool;
  pool.refusals.listen((share) => {
    if (bus.connected()) bus.nc.publish(NOTE_SUBJECTS.poolShare, shareRefusedNote(rules.template.poolId, share));
  });
  const judged = { ...ports, auditorKeys: rules.auditorKeys };
  const handle = verdictHandler(rules.template.poolId, {
    applyVerdict: (verdict) => applyVerdict(judged, verdict),
    applyTemplateVerdict: (verdict) => {
      const onInvalid = (templateId: string) => board.withdraw(templateId);
      return applyTemplateVerdict({ ...judged, onInvalid }, verdict);
    },
    noteDeadLetter: (letter) => noteDeadLetter(ports, letter),
  });
  consume(context, db, bus, { durable: VERDICTS_DURABLE, events: VERDICT_EVENTS, concurrency: CONCURRENCY, handle });
  bus.nc.subscribe(CATALOGUE['pool.template.declared'].subject, {
    callback: () => {
      followTemplates({ ...pool, ...ports }).catch((error: unknown) => ports.reportFault('follow-templates', error));
    },
  });
}
