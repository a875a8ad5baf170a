import { DEAD_LETTER_CLASSES, type DeadLetterStore } from './dead-letters.ts';
import { gauge } from './metrics.ts';
import type { ServiceContext } from './service-context.ts';

const EVERY_MS = 10_000;

const openLetters = gauge('assay_dlq_messages', 'Open dead letters of this service', { class: DEAD_LETTER_CLASSES });

/** Keeps `assay_dlq_messages{class}` true, with and without NATS. */
export function watchDeadLetters(
  context: Pick<ServiceContext, 'every'>,
  letters: Pick<DeadLetterStore, 'countOpen'>,
): void {
  context.every('open dead letters', EVERY_MS, async () => {
    const open = await letters.countOpen();
    for (const name of DEAD_LETTER_CLASSES) openLetters.set({ class: name }, open.get(name) ?? 0);
  });
}
