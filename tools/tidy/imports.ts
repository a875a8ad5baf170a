import ts from 'typescript';
import { folderOf } from './file-kinds.ts';
import { lineOf, type Source } from './source-tree.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** The repository file that it names, if it names one. */
  readonly target: string | undefined;
  /** Names taken from the target; `*` for the whole module. */
  readonly names: readonly string[];
  readonly isTypeOnly: boolean;
}

const EXPORTS: Readonly<Record<string, (subPath: string) => string>> = {
  '@assay/proto': (subPath) => `libs/proto/src/${subPath}.ts`,
  '@assay/shared': (subPath) => `libs/shared/src/${subPath}.ts`,
  '@assay/testkit': (subPath) => `libs/testkit/src/${subPath}.ts`,
};

const known = new WeakMap<Source, readonly Import[]>();

/** Every import, re-export and dynamic import of a file. */
export function importsOf(source: Source): readonly Import[] {
  const imports = known.get(source) ?? source.nodes.flatMap((node) => importAt(source, node));
  known.set(source, imports);
  return imports;
}

/** Files that a string of the source names, as programs and worker threads are started by their path. */
export function filesNamedIn(source: Source): string[] {
  const named: string[] = [];
  for (const node of source.nodes) {
    if (!ts.isStringLiteralLike(node) || !/\.(ts|mjs|js)$/.test(node.text)) continue;
    named.push(node.text.replace(/^\.\//, ''), normalize(`${folderOf(source.path)}/${node.text}`));
  }
  return named;
}

/** The repository file of an import; undefined for packages from outside. */
function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(`${folderOf(from)}/${specifier}`);
  const [scope = '', name = '', ...rest] = specifier.split('/');
  return EXPORTS[`${scope}/${name}`]?.(rest.join('/'));
}

function importAt(source: Source, node: ts.Node): Import[] {
  const found = importIn(node);
  if (found === undefined) return [];
  const target = resolve(source.path, found.specifier);
  return [{ ...found, line: lineOf(source, node), target, isTypeOnly: isTypeOnly(node) }];
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

function importIn(node: ts.Node): { specifier: string; names: string[] } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, names: namesOfImport(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    const named = node.exportClause !== undefined && ts.isNamedExports(node.exportClause);
    const names = named && node.exportClause ? node.exportClause.elements.map(originalName) : ['*'];
    return { specifier: node.moduleSpecifier.text, names };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument !== undefined && ts.isStringLiteralLike(argument)
      ? { specifier: argument.text, names: ['*'] }
      : undefined;
  }
  return ts.isImportTypeNode(node) ? importType(node) : undefined;
}

function importType(node: ts.ImportTypeNode): { specifier: string; names: string[] } | undefined {
  if (!ts.isLiteralTypeNode(node.argument) || !ts.isStringLiteral(node.argument.literal)) return undefined;
  return { specifier: node.argument.literal.text, names: ['*'] };
}

function namesOfImport(clause: ts.ImportClause | undefined): string[] {
  if (clause === undefined) return [];
  const whole = clause.name === undefined ? [] : ['default'];
  const bindings = clause.namedBindings;
  if (bindings === undefined) return whole;
  return ts.isNamespaceImport(bindings) ? ['*'] : [...whole, ...bindings.elements.map(originalName)];
}

function originalName(specifier: ts.ImportSpecifier | ts.ExportSpecifier): string {
  return (specifier.propertyName ?? specifier.name).text;
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
