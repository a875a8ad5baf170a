const READS_MAX = 8;

/**
 * Reads, decides and commits again while somebody else was first (`stale`).
 * @param what is read; named in the fault
 * @throws when it changed under all attempts: others change a thing a few times, never for ever
 */
export async function readAgain<T>(
  what: string,
  attempt: () => Promise<T | 'stale'>,
  readsMax = READS_MAX,
): Promise<T> {
  for (let read = 1; read <= readsMax; read += 1) {
    const outcome = await attempt();
    if (outcome !== 'stale') return outcome;
  }
  throw new Error(`${what} changed under ${readsMax} attempts`);
}
