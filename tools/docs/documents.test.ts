import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '@assay/testkit/find-server';

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const documents = tracked.filter((file) => file.endsWith('.md'));
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const SETTINGS = /\b(?:ASSAY|ASSAYCTL|POOL|AUDITOR|MINT|SIGNATORY)_[A-Z0-9]+(?:_[A-Z0-9]+)*\b(?!_)/g;
/** Streams and reasons that begin like a setting of their service are among them. */
const settings = new Set(
  tracked
    .filter((file) => /^(apps|libs|tools)\/.*(?<!\.test)\.ts$/.test(file))
    .flatMap((file) => textOf(file).match(SETTINGS) ?? []),
);

/** `a/{b,c}.ts` → `a/b.ts`, `a/c.ts`. */
function expandBraces(path: string): string[] {
  const match = /^(.*)\{([^}]*)\}(.*)$/.exec(path);
  if (match === null) return [path];
  return (match[2] ?? '').split(',').map((choice) => `${match[1] ?? ''}${choice}${match[3] ?? ''}`);
}

describe('documents', () => {
  test.each(documents)('%s links to files that exist', (document) => {
    const links = [...textOf(document).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    const local = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(local.filter((link) => !existsSync(join(ROOT, dirname(document), link)))).toEqual([]);
  });

  test.each(documents)('%s names paths of the repository that exist', (document) => {
    const named = [...textOf(document).matchAll(/`((?:apps|libs|tools|docs|vectors|deploy)\/[\w./{},-]+)`/g)];
    const paths = named.flatMap((match) => expandBraces(match[1] ?? ''));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('each step in the life of a share names files of its service that exist', () => {
    const rows = textOf('ARCHITECTURE.md').matchAll(/^\| \d+ \| [^|]+ \| (pool|auditor|mint|signatory) ([^|]+) \|/gm);
    const steps = [...rows];
    expect(steps.length).toBeGreaterThanOrEqual(14);
    for (const [, app = '', files = ''] of steps) {
      const names = [...files.matchAll(/`([\w/-]+\.ts)`/g)].map((match) => match[1] ?? '');
      const known = tracked.filter((file) => file.startsWith(`apps/${app}/src/`)).map((file) => basename(file));
      expect(
        names.filter((name) => !known.includes(basename(name))),
        `${app}: ${files}`,
      ).toEqual([]);
    }
  });

  test.each(tracked.filter((file) => /^apps\/\w+\/README\.md$/.test(file)))('%s names files of its app', (document) => {
    const own = tracked.filter((file) => file.startsWith(dirname(document))).map((file) => basename(file));
    const named = [...textOf(document).matchAll(/`(?:src\/[\w/-]+\/)?([\w-]+\.ts)`/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !own.includes(name))).toEqual([]);
  });

  // Decisions also name what is not offered.
  test.each(documents.filter((file) => !file.startsWith('docs/adr/')))('%s names settings that exist', (document) => {
    const named = textOf(document).match(SETTINGS) ?? [];
    expect(named.filter((name) => !settings.has(name))).toEqual([]);
  });

  test('the README is short enough to be read', () => {
    expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(150);
    for (const adr of documents.filter((file) => file.startsWith('docs/adr/'))) {
      expect(textOf(adr).split('\n').length, adr).toBeLessThanOrEqual(80);
    }
  });
});
