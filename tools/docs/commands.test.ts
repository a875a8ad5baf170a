import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ROOT } from '@assay/testkit/find-server';
import { EXIT_CODES } from '../assayctl/exit-codes.ts';
import { runLine } from '../assayctl/test/run-line.ts';

const tracked = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
const documents = tracked.filter((file) => file !== '' && existsSync(join(ROOT, file)));
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(textOf('package.json')));

function scriptsIn(text: string): string[] {
  return [...text.matchAll(/`npm (?:run (?:-s )?)?([a-z][\w:-]*)/g)].map(([, name = '']) => name);
}

/** Nothing listens there: a line that is right ends as unreachable, and sends nothing. */
const NOWHERE = '127.0.0.1:9';
const SERVICES = ['mint', 'mint-admin', 'auditor', 'auditor-admin', 'pool'];
const ELSEWHERE = [...SERVICES.flatMap((service) => [`--${service}`, NOWHERE]), '--deadline', '50ms'];
/** What documents leave to the reader, and what somebody might write there. */
const BLANKS: readonly (readonly [RegExp, string])[] = [
  [/<pool id>\/<batch id>/g, 'pool-1/batch'],
  [/<[^>]+>/g, 'ab'.repeat(32)],
  [/\bOP_ID\b|\bID\b/g, 'ab'.repeat(32)],
  [/\bHEX\b/g, `02${'ab'.repeat(32)}`],
  [/\bQUOTE\b|\bGRANT\b/g, 'name'],
  [/\bTEXT\b|"…"/g, '"a reason that is long enough"'],
];

/** Whole lines of `assayctl` in code; `doctor` and `completion` need nothing to be right. */
function linesIn(text: string): string[] {
  const found = [...text.matchAll(/^assayctl (.+)$/gm), ...text.matchAll(/`assayctl ([^`]+)`/g)];
  const lines = found.map(([, line = '']) => line.replace(/\s+#.*$/, '').trim());
  return [...new Set(lines)].filter((line) => !/^(doctor|completion|trace)\b/.test(line));
}

function wordsOf(line: string): string[] {
  const filled = BLANKS.reduce((text, [blank, value]) => text.replace(blank, value), line);
  return [...filled.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

describe('commands in documents', () => {
  test.each(documents)('%s names npm scripts that exist', (document) => {
    const builtIn = ['start', 'test', 'ci'];
    const unknown = scriptsIn(textOf(document)).filter((name) => !builtIn.includes(name) && !(name in scripts));
    expect(unknown).toEqual([]);
  });

  test('CONTRIBUTING.md says what each script does', () => {
    const listed = [...textOf('CONTRIBUTING.md').matchAll(/`(?:npm (?:run )?)?([a-z][\w:-]*)/g)].map(
      ([, name]) => name,
    );
    expect(Object.keys(scripts).filter((name) => !listed.includes(name))).toEqual([]);
  });

  test.each(documents.filter((document) => linesIn(textOf(document)).length > 0))(
    '%s writes lines that assayctl takes',
    async (document) => {
      for (const line of linesIn(textOf(document))) {
        const { code, err } = await runLine([...wordsOf(line), ...ELSEWHERE]);
        expect(code, `${line}\n${err}`).toBe(EXIT_CODES.unavailable.code);
      }
    },
  );
});
