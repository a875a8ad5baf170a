import type { Turns } from '../../turn-ports.ts';

/**
 * One piece of long work in each turn of the event loop, however many requests have some: between two pieces all that has
 * come meanwhile is served. (An own `setImmediate` for each would run all pieces in the same turn.)
 */
export function fairTurns(): Turns {
  const waiting: (() => void)[] = [];
  const serve = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(serve);
  };
  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) setImmediate(serve);
      }),
  };
}
