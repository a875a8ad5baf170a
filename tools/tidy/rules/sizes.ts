import ts from 'typescript';
import { fileName, isTestFile } from '../file-kinds.ts';
import { lineOf, rootName, type Source, type SourceTree } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const FUNCTION_LINES = 60;
const FILE_LINES = 300;
const TEST_FILE_LINES = 400;
const MAIN_LINES = 60;
const TEST_MAKERS = new Set(['test', 'it', 'describe', 'suite']);

export const fileLength: Rule = {
  name: 'file-length',
  check: ({ sources }) => sources.flatMap(checkFile),
};

export const functionLength: Rule = {
  name: 'function-length',
  check: ({ sources }: SourceTree) => sources.flatMap(checkFunctions),
};

function checkFile({ path, text }: Source): Violation[] {
  const lines = text.trimEnd().split('\n').length;
  const most = fileName(path) === 'main.ts' ? MAIN_LINES : isTestFile(path) ? TEST_FILE_LINES : FILE_LINES;
  if (lines <= most) return [];
  return [{ file: path, line: most + 1, rule: 'file-length', message: `${lines} lines, at most ${most}` }];
}

function checkFunctions(source: Source): Violation[] {
  const violations: Violation[] = [];
  for (const node of source.nodes) {
    if (!ts.isFunctionLike(node) || isSuite(node)) continue;
    const first = lineOf(source, node);
    const lines = source.ast.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - first;
    if (lines <= FUNCTION_LINES) continue;
    const message = `${lines} lines, at most ${FUNCTION_LINES}`;
    violations.push({ file: source.path, line: first, rule: 'function-length', message });
  }
  return violations;
}

/** A function that makes tests (a `describe`, a contract suite) only groups them: each test is measured. */
function isSuite(node: ts.SignatureDeclaration): boolean {
  if (!('body' in node) || node.body === undefined || !ts.isBlock(node.body)) return false;
  return node.body.statements.some(
    (statement) =>
      ts.isExpressionStatement(statement) &&
      ts.isCallExpression(statement.expression) &&
      TEST_MAKERS.has(rootName(statement.expression)),
  );
}
