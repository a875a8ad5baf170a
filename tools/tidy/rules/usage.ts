import ts from 'typescript';
import { fileName, isProduct, isTestFile, isTestSide, isTool, projectOf } from '../file-kinds.ts';
import { filesNamedIn, importsOf } from '../imports.ts';
import { lineOf, type Source, type SourceTree } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const TABLE = /^[A-Z][A-Z0-9_]*$/;

/** Files that no program, test or configuration reaches. */
export const unusedFiles: Rule = {
  name: 'unused-file',
  check: (tree) => {
    const reached = reachedFiles(tree);
    return tree.sources
      .filter(({ path }) => !reached.has(path))
      .map(({ path }) => ({ file: path, line: 1, rule: 'unused-file', message: 'nobody imports it' }));
  },
};

/** Exports that only the tests of their own project use, or nobody. */
export const unusedExports: Rule = {
  name: 'unused-export',
  check: (tree) => {
    const used = usedExports(tree);
    return tree.sources
      .filter(({ path }) => (isProduct(path) || isTool(path)) && !isTestSide(path))
      .flatMap((source) => exportsOf(source).flatMap((one) => faultOf(source, one, used)));
  },
};

interface Export {
  readonly name: string;
  readonly node: ts.Node;
  /** A type, which others may get by inference only, or a table, which a test enumerates. */
  readonly mayBeNamedHereOnly: boolean;
}

function faultOf(source: Source, { name, node, mayBeNamedHereOnly }: Export, used: ReadonlySet<string>): Violation[] {
  const isUsed = used.has(`${source.path}#${name}`) || used.has(`${source.path}#*`);
  if (isUsed || (mayBeNamedHereOnly && isNamedElsewhere(source, name, node))) return [];
  const message = `nobody but tests of its own uses "${name}"`;
  return [{ file: source.path, line: lineOf(source, node), rule: 'unused-export', message }];
}

function isNamedElsewhere({ nodes }: Source, name: string, declaration: ts.Node): boolean {
  const isInside = (node: ts.Node) => node.pos >= declaration.pos && node.end <= declaration.end;
  return nodes.some((node) => ts.isIdentifier(node) && node.text === name && !isInside(node));
}

function reachedFiles({ sources, texts }: SourceTree): ReadonlySet<string> {
  const byPath = new Map(sources.map((source) => [source.path, source] as const));
  const scripts = [...texts]
    .filter(([path]) => !path.endsWith('.md'))
    .map(([, text]) => text)
    .join('\n');
  const queue = sources.map(({ path }) => path).filter((path) => isRoot(path) || scripts.includes(path));
  const reached = new Set(queue);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const source = byPath.get(path);
    if (source === undefined) continue;
    const targets = [...importsOf(source).flatMap(({ target }) => target ?? []), ...filesNamedIn(source)];
    for (const target of targets.filter((one) => byPath.has(one) && !reached.has(one))) {
      reached.add(target);
      queue.push(target);
    }
  }
  return reached;
}

function isRoot(path: string): boolean {
  return fileName(path) === 'main.ts' || isTestFile(path) || path.endsWith('.config.ts') || path.endsWith('.bench.ts');
}

/** `path#name` of everything that somebody imports who is no test of the same project. */
function usedExports({ sources }: SourceTree): ReadonlySet<string> {
  const used = new Set<string>();
  for (const source of sources) {
    for (const { target, names } of importsOf(source)) {
      const isOwnTest = target !== undefined && isTestSide(source.path) && projectOf(target) === projectOf(source.path);
      if (target === undefined || (isOwnTest && !target.startsWith('libs/testkit/'))) continue;
      for (const name of names) used.add(`${target}#${name}`);
    }
  }
  return used;
}

function exportsOf(source: Source): Export[] {
  return source.ast.statements.filter(isExported).flatMap((node) => {
    const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    return namesOf(node).map((name) => ({ name, node, mayBeNamedHereOnly: isType || TABLE.test(name) }));
  });
}

function isExported(node: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
  );
}

function namesOf(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  const isNamed =
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node);
  return isNamed && node.name !== undefined ? [node.name.text] : [];
}
