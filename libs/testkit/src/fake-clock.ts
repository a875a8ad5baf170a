import { type Clock, later, type UnixMs, unixMs } from '@assay/shared/kernel/clock';

const START = unixMs(1_795_227_000_000);

/** Stands still until it is told to go on. */
export class FakeClock implements Clock {
  private instant: UnixMs;

  constructor(start: UnixMs = START) {
    this.instant = start;
  }

  now(): UnixMs {
    return this.instant;
  }

  /** Also backwards, as a clock that is set. */
  advance(ms: number): UnixMs {
    this.instant = later(this.instant, ms);
    return this.instant;
  }

  set(to: UnixMs): void {
    this.instant = to;
  }
}
