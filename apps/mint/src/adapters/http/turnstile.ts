/** Lets few through in each turn of the event loop, network by network. */
export interface Turnstile {
  /**
   * Undefined when the caller may go on at once, as it may whenever there is no crowd.
   * @returns resolves when it may
   */
  enter(network: string): Promise<void> | undefined;
}

/**
 * At most `perTurn` begin in a turn of the event loop, so that what has begun goes on whatever comes. Those that wait are
 * let in by turns of their networks: whoever sends a thousand requests waits behind itself.
 */
export function turnstile(perTurn: number): Turnstile {
  /** Networks in the order of their turns; each has somebody waiting. */
  const waiting = new Map<string, (() => void)[]>();
  let begun = 0;

  const letIn = () => {
    const [next] = waiting;
    if (next === undefined) return;
    const [network, entries] = next;
    entries.shift()?.();
    waiting.delete(network);
    // Behind the others, which have waited since.
    if (entries.length > 0) waiting.set(network, entries);
    begin();
  };
  const begin = () => {
    begun += 1;
    if (begun === 1) setImmediate(nextTurn);
  };
  const nextTurn = () => {
    begun = 0;
    while (waiting.size > 0 && begun < perTurn) letIn();
  };
  return {
    enter: (network) => {
      if (begun < perTurn && waiting.size === 0) {
        begin();
        return undefined;
      }
      return new Promise((resolve) => {
        const entries = waiting.get(network);
        if (entries === undefined) waiting.set(network, [resolve]);
        else entries.push(resolve);
      });
    },
  };
}
