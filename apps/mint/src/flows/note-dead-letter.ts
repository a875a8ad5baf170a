import type { Clock } from '@assay/shared/kernel/clock';
import { ehashKey, noted } from '../domain/quote.ts';
import type { Quotes } from '../ports.ts';

export interface NoteDeadLetterPorts {
  readonly quotes: Quotes;
  readonly clock: Clock;
}

const ATTEMPTS_MAX = 5;

/** Notes on a PENDING quote that the auditor gave up on its batch for now; a verdict may still come. */
export async function noteDeadLetter(
  { quotes, clock }: NoteDeadLetterPorts,
  batch: { readonly poolId: string; readonly batchId: string; readonly batchHash: string },
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const quote = await quotes.find(ehashKey(batch.poolId, batch.batchId));
    const isNew = quote?.state === 'PENDING' && quote.auditNote === undefined;
    if (!isNew || quote.batchHash !== batch.batchHash) return;
    if (await quotes.replace(noted(quote, clock.now()))) return;
  }
  throw new Error(`${batch.poolId}/${batch.batchId} changed under ${ATTEMPTS_MAX} attempts to note its dead letter`);
}
