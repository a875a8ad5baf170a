import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@assay/testkit/find-server';
import { type Readme, readmes } from './config-tables.ts';

/** Writes the table, or only looks; what is wrong, if anything is. */
function bringUpToDate({ file, text, current }: Readme, onlyLook: boolean): string | undefined {
  if (current instanceof Error) return `${file} ${current.message}`;
  if (text === current) return undefined;
  if (onlyLook) return `${file} has a table that its config.ts no longer says`;
  writeFileSync(join(ROOT, file), current);
  console.log(`${file} written`);
  return undefined;
}

const onlyLook = process.argv.includes('--check');
const faults = (await readmes()).flatMap((readme) => bringUpToDate(readme, onlyLook) ?? []);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
