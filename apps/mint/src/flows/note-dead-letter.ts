import type { Clock } from '@assay/shared/kernel/clock';
import { readAgain } from '@assay/shared/kernel/read-again';
import { ehashKey, noted } from '../domain/quote.ts';
import type { Quotes } from '../ports.ts';

export interface NoteDeadLetterPorts {
  readonly quotes: Quotes;
  readonly clock: Clock;
}

/** Notes on a PENDING quote that the auditor gave up on its batch for now; a verdict may still come. */
export function noteDeadLetter(
  { quotes, clock }: NoteDeadLetterPorts,
  batch: { readonly poolId: string; readonly batchId: string; readonly batchHash: string },
): Promise<void> {
  return readAgain(`the quote of ${batch.poolId}/${batch.batchId}`, async () => {
    const quote = await quotes.find(ehashKey(batch.poolId, batch.batchId));
    const isNew = quote?.state === 'PENDING' && quote.auditNote === undefined;
    if (!isNew || quote.batchHash !== batch.batchHash) return undefined;
    return (await quotes.replace(noted(quote, clock.now()))) ? undefined : 'stale';
  });
}
