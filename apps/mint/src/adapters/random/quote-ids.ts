import type { Clock } from '@assay/shared/kernel/clock';
import { randomBytes } from 'node:crypto';
import { uuidV7 } from '../../domain/quote-id.ts';
import type { QuoteIds } from '../../ports.ts';

/** Quote ids with 74 random bits: whoever does not know one cannot guess it. */
export function randomQuoteIds(clock: Clock): QuoteIds {
  return { next: () => uuidV7(clock.now(), randomBytes(10)) };
}
