import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfTimes } from './self-times.ts';

const SHOWN = 20;

/** Where the profiles of a directory say that the time went: for each, the functions with most time of their own. */
export function hottestFunctions(directory: string): string[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.cpuprofile'));
  return files.flatMap((file) => [file, ...selfTimes(readFileSync(join(directory, file), 'utf8')).slice(0, SHOWN)]);
}
