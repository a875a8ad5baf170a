import type { SourceTree } from './source-tree.ts';

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** Looks at the whole tree. */
export interface Rule {
  readonly name: string;
  readonly check: (tree: SourceTree) => Violation[];
}

/** `file:line rule message`, as editors understand it. */
export function describe({ file, line, rule, message }: Violation): string {
  return `${file}:${line} ${rule} ${message}`;
}
