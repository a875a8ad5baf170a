import { unreadKeys, undocumentedKeys } from './rules/configuration.ts';
import { notes } from './rules/comments.ts';
import { dependencies } from './rules/dependencies.ts';
import { expressions } from './rules/expressions.ts';
import { fileNames, synonyms } from './rules/names.ts';
import { packageReasons, undeclaredPackages, unusedPackages } from './rules/packages.ts';
import { purity } from './rules/purity.ts';
import { readmeSections } from './rules/readme.ts';
import { fileLength, functionLength } from './rules/sizes.ts';
import { focusedTests, skippedTests } from './rules/tests.ts';
import { unusedExports, unusedFiles } from './rules/usage.ts';
import type { SourceTree } from './source-tree.ts';
import type { Rule, Violation } from './violation.ts';

/** Conventions that are not executed do not exist: this list grows, it never shrinks. */
export const RULES: readonly Rule[] = [
  fileLength,
  functionLength,
  fileNames,
  synonyms,
  ...expressions,
  notes,
  focusedTests,
  skippedTests,
  ...dependencies,
  purity,
  unusedFiles,
  unusedExports,
  unreadKeys,
  undocumentedKeys,
  readmeSections,
  packageReasons,
  unusedPackages,
  undeclaredPackages,
];

/** Everything in the tree that breaks a rule, by file and line. */
export function tidy(tree: SourceTree): Violation[] {
  return RULES.flatMap(({ check }) => check(tree)).sort(
    (left, right) => compareText(left.file, right.file) || left.line - right.line || compareText(left.rule, right.rule),
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
