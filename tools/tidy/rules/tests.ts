import ts from 'typescript';
import { isTestFile } from '../file-kinds.ts';
import { lineOf, rootName, type Source } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const TEST_MAKERS = new Set(['test', 'it', 'describe', 'suite', 'bench']);
const TEST_CONTEXTS = new Set(['context', 'ctx', 'task', 't']);
const SILENT_SKIPS = new Set(['skip', 'skipIf', 'runIf', 'todo']);

export const focusedTests: Rule = {
  name: 'only',
  check: ({ sources }) =>
    testFaults(sources, 'only', (node) => (isOnly(node) ? 'the other tests do not run' : undefined)),
};

/** A skipped test prints that it was skipped and why: `context.skip('no IPv6 on this machine')`. */
export const skippedTests: Rule = {
  name: 'skip-without-reason',
  check: ({ sources }) => testFaults(sources, 'skip-without-reason', skipFault),
};

function testFaults(
  sources: readonly Source[],
  rule: string,
  fault: (node: ts.Node) => string | undefined,
): Violation[] {
  const violations: Violation[] = [];
  for (const source of sources.filter(({ path }) => isTestFile(path))) {
    for (const node of source.nodes) {
      const message = fault(node);
      if (message !== undefined) violations.push({ file: source.path, line: lineOf(source, node), rule, message });
    }
  }
  return violations;
}

function isOnly(node: ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && node.name.text === 'only' && TEST_MAKERS.has(rootName(node.expression));
}

function skipFault(node: ts.Node): string | undefined {
  if (
    ts.isPropertyAccessExpression(node) &&
    SILENT_SKIPS.has(node.name.text) &&
    TEST_MAKERS.has(rootName(node.expression))
  ) {
    return `use context.skip('why'), which prints its reason`;
  }
  const isSkip =
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === 'skip' &&
    TEST_CONTEXTS.has(rootName(node.expression.expression));
  return isSkip && !hasReason(node.arguments) ? 'say why, as the argument of skip' : undefined;
}

function hasReason(given: ts.NodeArray<ts.Expression>): boolean {
  const reason = given.at(-1);
  if (reason === undefined || reason.kind === ts.SyntaxKind.TrueKeyword) return false;
  return !(ts.isStringLiteralLike(reason) && reason.text.trim() === '');
}
