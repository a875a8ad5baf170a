import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CALLERS } from '@assay/proto/callers';
import { ROOT } from '@assay/testkit/find-server';

const FOLDER = join(ROOT, 'docs/runbooks');
const README = 'README.md';
const LINES_MAX = 60;
const SECTIONS = ['## Look', '## Do', '## Never'];

const textsOf = (pattern: string) =>
  globSync(pattern, { cwd: ROOT })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'));

const runbooks = readdirSync(FOLDER).filter((file) => file !== README);
const textOf = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
const contracts = textsOf('libs/proto/proto/**/*.proto').join('\n');
const sources = textsOf('{apps/*,libs/shared}/src/**/*.ts').join('\n');
const metrics = new Map(
  [...textsOf('apps/*/src/*telemetry.ts'), ...textsOf('libs/shared/src/runtime/*.ts')].flatMap((source) =>
    [...source.matchAll(/\b(counter|gauge|histogram)\(\s*'(assay_\w+)'/g)].map(
      ([, kind = '', name = '']) => [name, kind] as const,
    ),
  ),
);

/** Metrics that a text names: whole, or after `^` the beginnings that a search looks for, as in `^assay_pool_(node|slot)`. */
function namedMetrics(text: string): { name: string; isBeginning: boolean }[] {
  return [...text.matchAll(/(\^?)(assay_\w+)(?:\(([\w|]+)\))?/g)].flatMap(([, caret, stem = '', choices]) =>
    (choices ?? '').split('|').map((choice) => ({ name: `${stem}${choice}`, isBeginning: caret === '^' })),
  );
}

function isExported({ name, isBeginning }: { name: string; isBeginning: boolean }): boolean {
  // These prom-client adds by itself.
  if (name.startsWith('assay_process_')) return true;
  if (isBeginning) return [...metrics.keys()].some((known) => known.startsWith(name));
  return metrics.has(name) || metrics.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';
}

/** What a page looks for in logs: texts, and values of fields as in `"what":"(seal-batch|store-shares)"`. */
function soughtInLogs(text: string): string[] {
  const searches = [...text.matchAll(/grep -\w+ '([^']+)' \S+\.log/g)].flatMap(([, sought = '']) => sought.split('|'));
  return searches.map((sought) => sought.replace(/^"\w+":/, '').replace(/["()]/g, ''));
}

describe('runbooks', () => {
  test.each(runbooks)('%s looks in logs for words that the services write', (file) => {
    expect(soughtInLogs(textOf(file)).filter((sought) => !sources.includes(sought))).toEqual([]);
  });

  test.each([README, ...runbooks])('%s names metrics that the services export', (file) => {
    const unknown = namedMetrics(textOf(file)).filter((metric) => !isExported(metric));
    expect(unknown.map(({ name }) => name)).toEqual([]);
  });

  test.each([README, ...runbooks])('%s calls methods, and names states, that the contracts have', (file) => {
    const methods = [...textOf(file).matchAll(/\bassay\.\w+\.v1\.\w+\/\w+/g)].map(([method]) => `/${method}`);
    expect(methods.filter((method) => CALLERS[method] === undefined)).toEqual([]);
    const values = [...textOf(file).matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g)].map(([, value = '']) => value);
    expect(values.filter((value) => !contracts.includes(` ${value} = `))).toEqual([]);
  });

  test.each(runbooks)('%s says when, where to look, what to do and what never, on one page', (file) => {
    const lines = textOf(file).split('\n');
    expect(lines.length).toBeLessThanOrEqual(LINES_MAX);
    expect(lines[0]).toBe(`# ${file.replace(/\.md$/, '')}`);
    expect(lines.filter((line) => line.startsWith('## '))).toEqual(SECTIONS);
    expect(lines.some((line) => /^\* (Page|Ticket), /.test(line))).toBe(true);
  });

  test('each is listed once', () => {
    const listed = [...textOf(README).matchAll(/^\| (?:page|ticket) \| \[[\w-]+\]\(([\w-]+\.md)\)/gm)];
    expect(listed.map(([, file]) => file).sort()).toEqual([...runbooks].sort());
  });
});
