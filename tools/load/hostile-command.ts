import { resolve } from 'node:path';
import { hottestFunctions } from '../bench/cpu-profile.ts';
import { runHostileLoad } from './hostile.ts';
import { BOUNDS } from './hostile-bounds.ts';

export const HOSTILE_BOUNDS = `
Ends with 1 when a bound is broken:
  * no swap of an honest wallet fails, whatever the attack
  * their p99 beside an attack is at most ${BOUNDS.p99OfControlMax} times that of the control just before: every core busy, no attack
  * the last round leaves at most ${BOUNDS.growthMibMax} MiB more in the mint than the one before
Takes a minute to begin, and then rounds × (kinds + 1) × (2 × seconds + 3).`;

interface HostileFlags {
  readonly rate: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly profile?: string;
}

/** Attacks as asked, and tells which bounds were broken. */
export async function runHostile(only: string[], { rate, seconds, rounds, profile }: HostileFlags): Promise<void> {
  const tell = (line: string) => console.log(line);
  const profileDir = profile === undefined ? undefined : resolve(profile);
  const load = {
    ...{ only, profileDir, ratePerS: rate, seconds, rounds },
  };
  const broken = await runHostileLoad(load, tell);
  if (profileDir !== undefined) hottestFunctions(profileDir).forEach(tell);
  tell(broken.length === 0 ? 'every bound was kept' : `${broken.length} bounds were broken:`);
  broken.forEach(tell);
  process.exitCode = broken.length === 0 ? 0 : 1;
}
