import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGenerated } from './file-kinds.ts';
import { type SourceTree, treeOf } from './source-tree.ts';

const IGNORED_FOLDERS = new Set(['node_modules', '.git', '.assay', '.nx', 'dist', 'coverage', 'vectors']);
const TEXT_FILES = /\.(md|json|mjs|js|yaml|sh)$|^\.ci\/run$/;

/** The repository under `root`, generated code left out. */
export function readTree(root: string): SourceTree {
  const files = new Map<string, string>();
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !IGNORED_FOLDERS.has(entry.name)) visit(path);
      if (entry.isFile() && isRead(path)) files.set(path, readFileSync(join(root, path), 'utf8'));
    }
  };
  visit('');
  return treeOf(Object.fromEntries(files));
}

function isRead(path: string): boolean {
  if (isGenerated(path) || path.endsWith('.d.ts')) return false;
  return path.endsWith('.ts') || TEXT_FILES.test(path);
}
