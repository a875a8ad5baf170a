import ts from 'typescript';
import { isTestSide, layerOf, projectOf } from '../file-kinds.ts';
import { lineOf, type Source, type SourceTree } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const SHARED_CONFIG = 'libs/shared/src/runtime/config.ts';
const KEY = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;

/** Configuration keys that nobody reads. */
export const unreadKeys: Rule = {
  name: 'unread-key',
  check: ({ sources }) =>
    sources.filter(isConfig).flatMap((config) => {
      const readers = sources.filter((source) => mayRead(config, source));
      const read = new Set(readers.flatMap(keysReadIn));
      return keysOf(config)
        .filter(({ key }) => !read.has(key))
        .map(({ key, line }) => violation(config.path, line, 'unread-key', `nobody reads ${key}`));
    }),
};

/** Configuration keys that the README of their app does not list. */
export const undocumentedKeys: Rule = {
  name: 'undocumented-key',
  check: ({ sources, texts }: SourceTree) =>
    sources
      .filter((source) => isConfig(source) && source.path !== SHARED_CONFIG)
      .flatMap((config) => {
        const readme = texts.get(`${projectOf(config.path)}/README.md`);
        if (readme === undefined) return [];
        return keysOf(config)
          .filter(({ key }) => !readme.includes(`\`${key}\``))
          .map(({ key, line }) => violation(config.path, line, 'undocumented-key', `the README does not list ${key}`));
      }),
};

function isConfig({ path }: Source): boolean {
  return layerOf(path) === 'config' || path === SHARED_CONFIG;
}

function mayRead(config: Source, reader: Source): boolean {
  if (isTestSide(reader.path)) return false;
  // An app may give a key of the runtime another default.
  const owners = [projectOf(config.path), projectOf(SHARED_CONFIG)];
  return config.path === SHARED_CONFIG || owners.includes(projectOf(reader.path));
}

function keysOf(config: Source): { key: string; line: number }[] {
  const keys: { key: string; line: number }[] = [];
  for (const node of config.nodes) {
    const isKey = ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && KEY.test(node.name.text);
    if (isKey) keys.push({ key: node.name.getText(), line: lineOf(config, node) });
  }
  return keys;
}

function keysReadIn(source: Source): string[] {
  const read: string[] = [];
  for (const node of source.nodes) {
    if (ts.isPropertyAccessExpression(node)) read.push(node.name.text);
    if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
      read.push(node.argumentExpression.text);
    }
    if (ts.isBindingElement(node)) read.push((node.propertyName ?? node.name).getText());
  }
  return read;
}

function violation(file: string, line: number, rule: string, message: string): Violation {
  return { file, line, rule, message };
}
