import ts from 'typescript';

/** A TypeScript file of the repository; `path` is relative to its root, with `/`. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
  /** Every node, parents before their children. */
  readonly nodes: readonly ts.Node[];
}

/** What tidy looks at: sources are parsed, other texts (README, package.json, scripts) are only read. */
export interface SourceTree {
  readonly sources: readonly Source[];
  readonly texts: ReadonlyMap<string, string>;
}

const TEXT_BYTES_MAX = 400_000;

/** A tree of the given files: path → text. */
export function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  const entries = Object.entries(files).sort(([left], [right]) => (left < right ? -1 : 1));
  const sources = entries.filter(([path]) => path.endsWith('.ts')).map(([path, text]) => parse(path, text));
  const texts = entries.filter(([path, text]) => !path.endsWith('.ts') && text.length <= TEXT_BYTES_MAX);
  return { sources, texts: new Map(texts) };
}

/** 1 for the first line. */
export function lineOf(source: Source, node: ts.Node): number {
  return source.ast.getLineAndCharacterOfPosition(node.getStart(source.ast)).line + 1;
}

/** `test` of `test.each(…)(…)`. */
export function rootName(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  const isChain = ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression);
  return isChain ? rootName(expression.expression) : '';
}

function parse(path: string, text: string): Source {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const nodes: ts.Node[] = [];
  const collect = (node: ts.Node) => {
    nodes.push(node);
    ts.forEachChild(node, collect);
  };
  collect(ast);
  return { path, text, ast, nodes };
}
