import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Asks again until the answer is good; an answer that throws counts as not yet.
 * Rejects after `withinMs` with the last answer or fault.
 */
export async function until<T>(ask: () => Promise<T>, isGood: (answer: T) => boolean, withinMs: number): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (isGood(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await wait(POLL_MS);
  }
  throw new Error(`not so within ${withinMs} ms; last: ${last instanceof Error ? last.message : show(last)}`);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));
}
