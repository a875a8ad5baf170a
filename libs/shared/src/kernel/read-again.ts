const READS_MAX = 8;

/**
 * Reads, decides and commits again while somebody else was first (`stale`).
 * @param what is read; named in the fault
 * @throws when it changed under eight attempts: others change a batch or template a few times, never for ever
 */
export async function readAgain<T>(what: string, attempt: () => Promise<T | 'stale'>): Promise<T> {
  for (let read = 1; read <= READS_MAX; read += 1) {
    const outcome = await attempt();
    if (outcome !== 'stale') return outcome;
  }
  throw new Error(`${what} changed under ${READS_MAX} attempts`);
}
