import ts from 'typescript';
import { fileName } from '../file-kinds.ts';
import { lineOf, type Source } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const EMPTY_NAMES = /^(utils?|helpers?|common|misc|types|constants)$/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.bitcoind)?(\.(int|system|contract))?(\.(test|config))?\.ts$/;
/** CONTEXT.md names the words that stand for these. */
const SYNONYMS = ['voucher', 'airdrop', 'epoch', 'dispute', 'ticket', 'invoice', 'submission'];
const TWO_WORD_SYNONYM = /(^| )work units?( |$)/;

export const fileNames: Rule = {
  name: 'file-name',
  check: ({ sources }) => sources.flatMap(({ path }) => faultsOfPath(path)),
};

export const synonyms: Rule = {
  name: 'synonym',
  check: ({ sources }) => sources.flatMap(synonymsIn),
};

function faultsOfPath(path: string): Violation[] {
  const fault = (message: string): Violation[] => [{ file: path, line: 1, rule: 'file-name', message }];
  const name = fileName(path);
  const parts = [...path.split('/').slice(0, -1), name.replace(/(\.(int|system))?(\.test)?\.ts$/, '')];
  const empty = parts.find((part) => EMPTY_NAMES.test(part));
  if (empty !== undefined) return fault(`"${empty}" says nothing; name a file after its one idea`);
  if (name === 'index.ts') return fault('no barrels; import the file that has it');
  return KEBAB.test(name) ? [] : fault('file names are kebab-case');
}

function synonymsIn(source: Source): Violation[] {
  const places = new Map([[fileName(source.path).replace(/\..*$/, ''), 1]]);
  for (const node of source.nodes) {
    if (ts.isIdentifier(node) && !places.has(node.text)) places.set(node.text, lineOf(source, node));
  }
  return [...places].flatMap(([text, line]) => {
    const word = synonymOf(text, source.path);
    if (word === undefined) return [];
    const message = `"${text}": "${word}" is not a word of this system (CONTEXT.md has the right one)`;
    return [{ file: source.path, line, rule: 'synonym', message }];
  });
}

function synonymOf(identifier: string, path: string): string | undefined {
  const words = wordsOf(identifier);
  if (TWO_WORD_SYNONYM.test(words)) return 'workUnit';
  const found = SYNONYMS.find((synonym) => words.split(' ').some((word) => word === synonym || word === `${synonym}s`));
  const isBolt11 = found === 'invoice' && (path.includes('bolt11') || words.includes('bolt11'));
  return isBolt11 ? undefined : found;
}

/** `camelCase`, `UPPER_CASE` and `kebab-case` as lower-case words. */
function wordsOf(identifier: string): string {
  return identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase();
}
