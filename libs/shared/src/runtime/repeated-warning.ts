import type { Logger } from './log.ts';

const EVERY_MS = 10_000;

/**
 * Logs what an outage makes happen thousands of times: the first at once, then one line in ten seconds, which says how many
 * were left out.
 * @param monotonic milliseconds
 */
export function repeatedWarning(
  log: Logger,
  message: string,
  monotonic: () => number = () => performance.now(),
): (fields: object) => void {
  let quietUntil = -Infinity;
  let leftOut = 0;
  return (fields) => {
    if (monotonic() < quietUntil) {
      leftOut += 1;
      return;
    }
    log.warn({ ...fields, ...(leftOut === 0 ? {} : { leftOut }) }, message);
    quietUntil = monotonic() + EVERY_MS;
    leftOut = 0;
  };
}
