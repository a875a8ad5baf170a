import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '@assay/testkit/find-server';
import { runLine } from './test/run-line.ts';

const DOCUMENTS = ['*.md', 'docs/**/*.md', 'tools/**/*.md', 'apps/*/README.md'];

/** `assayctl quotes get …` of a document: the words that are commands, and the flags. */
function usesIn(text: string): { words: string[]; flags: string[] }[] {
  return [...text.matchAll(/\bassayctl((?: -{0,2}[a-z][a-z-]*)+)/g)].map(([, rest = '']) => {
    const parts = rest.trim().split(' ');
    const end = parts.findIndex((part) => part.startsWith('-'));
    return { words: end < 0 ? parts : parts.slice(0, end), flags: parts.filter((part) => part.startsWith('--')) };
  });
}

const uses = DOCUMENTS.flatMap((pattern) =>
  globSync(pattern, { cwd: ROOT, exclude: ['**/node_modules/**'] }).flatMap((file) =>
    usesIn(readFileSync(join(ROOT, file), 'utf8')).map((use) => ({ file, ...use, line: use.words.join(' ') })),
  ),
);

test('documents show commands and flags of assayctl that exist', async () => {
  expect(uses.length).toBeGreaterThan(10);
  for (const { file, line, words, flags } of uses) {
    const help = await runLine([...words, '--help']);
    const usage = /^Usage: assayctl ([a-z -]*)/.exec(help.out)?.[1] ?? '';
    // What follows the command's own words are its arguments.
    expect(line.startsWith(usage.trim().split(' ').slice(0, words.length).join(' ')), `${file}: ${line}`).toBe(true);
    expect(help, `${file}: assayctl ${line}`).toMatchObject({ code: 0 });
    for (const flag of flags) expect(help.out, `${file}: assayctl ${line} ${flag}`).toContain(flag);
  }
});
