import { type Clock, unixMs } from '../kernel/clock.ts';

/** The wall clock. */
export const systemClock: Clock = { now: () => unixMs(Date.now()) };
