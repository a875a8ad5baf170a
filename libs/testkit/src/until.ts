import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 20;

/** The first answer of `ask` that is not undefined; rejects when there is none within `ms`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  ms = 45_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await wait(POLL_MS);
  }
}
