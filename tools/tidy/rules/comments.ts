import ts from 'typescript';
import type { Source } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

// Written in two halves, so that this file keeps its own rule.
const NOTES = new RegExp(`\\b(${['TO', 'FIX'].map((half, at) => half + (at === 0 ? 'DO' : 'ME')).join('|')})\\b`);

/** Notes to oneself belong to the issue tracker. */
export const notes: Rule = {
  name: 'note-to-self',
  check: ({ sources }) => sources.flatMap(notesIn),
};

function notesIn({ path, text, ast }: Source): Violation[] {
  if (!NOTES.test(text)) return [];
  return commentsOf(ast)
    .filter(({ pos, end }) => NOTES.test(text.slice(pos, end)))
    .map(({ pos }) => {
      const line = ast.getLineAndCharacterOfPosition(pos).line + 1;
      return { file: path, line, rule: 'note-to-self', message: 'do it now, or file it' };
    });
}

function commentsOf(ast: ts.SourceFile): ts.TextRange[] {
  const found = new Map<number, ts.TextRange>();
  const visit = (node: ts.Node) => {
    const around = [
      ...(ts.getLeadingCommentRanges(ast.text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(ast.text, node.getEnd()) ?? []),
    ];
    for (const range of around) found.set(range.pos, range);
    for (const child of node.getChildren(ast)) visit(child);
  };
  visit(ast);
  return [...found.values()];
}
