import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readTree } from './read-tree.ts';
import {
  DEPENDENCY_CASES,
  EXPRESSION_CASES,
  type RuleCase,
  SIZE_AND_NAME_CASES,
  WHOLE_TREE_CASES,
} from './test/rule-cases.ts';
import { treeOf } from './source-tree.ts';
import { RULES, tidy } from './tidy.ts';
import { describe as inWords } from './violation.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CASES = [...SIZE_AND_NAME_CASES, ...EXPRESSION_CASES, ...DEPENDENCY_CASES, ...WHOLE_TREE_CASES];

test('the repository is tidy', () => {
  expect(tidy(readTree(ROOT)).map(inWords)).toEqual([]);
}, 60_000);

describe('a rule refuses', () => {
  test.each(CASES.map((one) => [one.rule, Object.values(one.bad)[0]?.slice(0, 60) ?? '', one] as const))(
    '%s: %s',
    (_, __, { rule, bad, good }: RuleCase) => {
      expect(violationsOf(rule, bad).length, 'violations of the bad tree').toBeGreaterThan(0);
      expect(violationsOf(rule, good), 'violations of the mended tree').toEqual([]);
    },
  );

  test('each by at least one bad and one good tree', () => {
    const shown = new Set(CASES.map(({ rule }) => rule));
    expect(RULES.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  test('with the line of the fault', () => {
    const tree = treeOf({ 'apps/demo/src/flows/issue.ts': '\n\nf(x!);\n' });
    expect(tidy(tree).map(inWords)).toContain(
      'apps/demo/src/flows/issue.ts:3 non-null handle the missing value, or use present()',
    );
  });
});

function violationsOf(rule: string, files: Readonly<Record<string, string>>): string[] {
  const found = RULES.find(({ name }) => name === rule);
  if (found === undefined) throw new Error(`no rule ${rule}`);
  return found.check(treeOf(files)).map(inWords);
}
