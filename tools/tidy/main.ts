import { fileURLToPath } from 'node:url';
import { readTree } from './read-tree.ts';
import { tidy } from './tidy.ts';
import { describe } from './violation.ts';

const violations = tidy(readTree(fileURLToPath(new URL('../..', import.meta.url))));
for (const violation of violations) console.log(describe(violation));
if (violations.length > 0) process.exitCode = 1;
