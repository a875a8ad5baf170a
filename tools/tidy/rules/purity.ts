import ts from 'typescript';
import { isTestSide, layerOf } from '../file-kinds.ts';
import { lineOf, type Source } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const IMPURE_CALLS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'AbortSignal.timeout',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
]);

/** Clock, randomness and timers come into domain and flows as arguments. */
export const purity: Rule = {
  name: 'purity',
  check: ({ sources }) => sources.filter(isPureLayer).flatMap(impuritiesIn),
};

function isPureLayer({ path }: Source): boolean {
  const layer = layerOf(path);
  return (layer === 'domain' || layer === 'flows') && !isTestSide(path);
}

function impuritiesIn(source: Source): Violation[] {
  const violations: Violation[] = [];
  for (const node of source.nodes) {
    const what = impurity(node);
    if (what === undefined) continue;
    const message = `${what} comes in as an argument`;
    violations.push({ file: source.path, line: lineOf(source, node), rule: 'purity', message });
  }
  return violations;
}

function impurity(node: ts.Node): string | undefined {
  if (ts.isCallExpression(node)) {
    const name = node.expression.getText();
    return IMPURE_CALLS.has(name) ? name : undefined;
  }
  const readsClock = ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length;
  return readsClock ? 'new Date()' : undefined;
}
