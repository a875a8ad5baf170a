import ts from 'typescript';
import { fileName, isTestFile, isTestSide, isTool } from '../file-kinds.ts';
import { lineOf, type Source } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

/** Refuses single nodes; `fault` says what is wrong with one, if anything. */
interface NodeRule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  readonly fault: (node: ts.Node, path: string) => string | undefined;
}

const everywhere = () => true;
const isConfigOfTool = (path: string) => path.endsWith('.config.ts');

const NODE_RULES: readonly NodeRule[] = [
  {
    name: 'default-export',
    applies: (path) => !isConfigOfTool(path),
    fault: (node) => (isDefaultExport(node) ? 'export by name' : undefined),
  },
  {
    name: 'console',
    applies: (path) => !isTool(path),
    fault: (node) => (isMember(node, 'console') ? 'log with the logger of the context' : undefined),
  },
  {
    name: 'as-unknown-as',
    applies: everywhere,
    fault: (node) => (isDoubleCast(node) ? 'parse it, or write a brand constructor' : undefined),
  },
  {
    name: 'non-null',
    applies: everywhere,
    fault: (node) => (ts.isNonNullExpression(node) ? 'handle the missing value, or use present()' : undefined),
  },
  {
    name: 'any',
    applies: everywhere,
    fault: (node) => (node.kind === ts.SyntaxKind.AnyKeyword ? 'unknown, or the real type' : undefined),
  },
  { name: 'environment', applies: (path) => fileName(path) !== 'config.ts', fault: environmentFault },
  {
    name: 'subject-literal',
    applies: (path) => path !== 'libs/proto/src/catalogue.ts' && path !== 'libs/proto/src/streams.ts',
    fault: (node) => (isSubject(node) ? 'subjects are written in libs/proto/src/catalogue.ts only' : undefined),
  },
  {
    name: 'float-in-domain',
    applies: (path) => path.includes('/domain/') && !path.includes('/domain/statistics/') && !isTestFile(path),
    fault: (node) => (isNumberCall(node) ? 'amounts are bigint; parse at the edge' : undefined),
  },
];

export const expressions: readonly Rule[] = NODE_RULES.map((rule) => ({
  name: rule.name,
  check: ({ sources }) => sources.filter(({ path }) => rule.applies(path)).flatMap((source) => faultsOf(rule, source)),
}));

function faultsOf(rule: NodeRule, source: Source): Violation[] {
  const violations: Violation[] = [];
  for (const node of source.nodes) {
    const message = rule.fault(node, source.path);
    if (message === undefined) continue;
    violations.push({ file: source.path, line: lineOf(source, node), rule: rule.name, message });
  }
  return violations;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  return node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent);
}

/** Whether the node is `<object>.something`. */
function isMember(node: ts.Node, object: string): boolean {
  return ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === object;
}

function isDoubleCast(node: ts.Node): boolean {
  return (
    ts.isAsExpression(node) &&
    ts.isAsExpression(node.expression) &&
    node.expression.type.kind === ts.SyntaxKind.UnknownKeyword
  );
}

/** Tools and tests start other programs: they hand the environment on, and may look for a program on the path. */
function environmentFault(node: ts.Node, path: string): string | undefined {
  if (!isMember(node, 'process') || !ts.isPropertyAccessExpression(node) || node.name.text !== 'env') return undefined;
  const mayHandOn = isTool(path) || isTestSide(path);
  return mayHandOn && isHandedOn(node) ? undefined : 'only config.ts reads the environment';
}

function isHandedOn(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name.text === 'PATH';
  if (!ts.isElementAccessExpression(parent)) return true;
  const { argumentExpression: key } = parent;
  return !ts.isStringLiteralLike(key) || key.text === 'PATH';
}

function isSubject(node: ts.Node): boolean {
  const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node);
  return isText && /(^|\s)assay\.v\d+\.(evt|cmd|dlq|ntf|live)\b/.test(node.text);
}

function isNumberCall(node: ts.Node): boolean {
  if (ts.isIdentifier(node) && node.text === 'parseFloat') return true;
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Number';
}
