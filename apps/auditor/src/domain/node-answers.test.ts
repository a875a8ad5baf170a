import { describe, expect, it } from 'vitest';
import { countReply, type Counted, describeReply, type NodeReply, ruleOnReplies } from './node-answers.ts';
import { SOURCE_DECLARED, SOURCE_POOL } from './template.ts';

const word = (text: string, knowsPrev?: boolean): NodeReply => ({
  kind: 'word',
  word: text,
  ...(knowsPrev === undefined ? {} : { knowsPrev }),
});
const NOT_BEST = 'inconclusive-not-best-prevblk';

const table: [NodeReply, Counted][] = [
  [word('null'), 'VALID'],
  [word('duplicate'), 'VALID'],
  [word(NOT_BEST, true), 'LATE'],
  [word(NOT_BEST, false), 'BEHIND'],
  [word(NOT_BEST), 'BEHIND'],
  [word('duplicate-inconclusive'), 'ABSTAINS'],
  [{ kind: 'silent', why: 'transport-error' }, 'ABSTAINS'],
  [{ kind: 'silent', why: 'timeout' }, 'ABSTAINS'],
  [{ kind: 'silent', why: 'initial-block-download' }, 'ABSTAINS'],
  [{ kind: 'rpc-error', code: -28 }, 'ABSTAINS'],
  [{ kind: 'rpc-error', code: -22 }, 'INVALID'],
  [word('bad-cb-amount'), 'INVALID'],
  [word('bad-txns-inputs-missingorspent'), 'INVALID'],
  [word('bad-diffbits'), 'INVALID'],
  [word('time-too-old'), 'INVALID'],
  [word('constructor'), 'INVALID'],
  [word(''), 'INVALID'],
];

describe('the answer of a node', () => {
  it.each(table)('%j counts as %s', (reply, counted) => {
    expect(countReply(reply)).toBe(counted);
    expect(typeof describeReply(reply)).toBe('string');
  });
});

const REPLY: Record<Counted, NodeReply> = {
  VALID: word('null'),
  LATE: word(NOT_BEST, true),
  BEHIND: word(NOT_BEST, false),
  ABSTAINS: { kind: 'silent', why: 'timeout' },
  INVALID: word('bad-cb-amount'),
};
const ANSWERS = Object.keys(REPLY) as Counted[];

function ruling(counted: readonly Counted[], quorum: number, source: number): string {
  const ruled = ruleOnReplies(
    counted.map((each) => REPLY[each]),
    quorum,
    source,
  );
  if (ruled.kind === 'valid') return ruled.late ? 'VALID late' : 'VALID';
  return ruled.code;
}

/** The table of the specification, written as its rows. */
function wanted(counted: readonly Counted[], quorum: number, source: number): string {
  const votes = counted.filter((each) => each !== 'BEHIND' && each !== 'ABSTAINS');
  if (votes.length < quorum) return counted.includes('BEHIND') ? 'HOLD_NODE_BEHIND' : 'HOLD_NODE_UNAVAILABLE';
  if (votes.every((vote) => vote === 'INVALID')) return 'TPL_NODE_REJECTED';
  if (votes.includes('INVALID')) return 'HOLD_NODES_DISAGREE';
  if (votes.includes('VALID')) return 'VALID';
  return source === SOURCE_POOL ? 'VALID late' : 'HOLD_LATE';
}

describe('the answers of all nodes', () => {
  const pairs = ANSWERS.flatMap((a) => ANSWERS.map((b) => [a, b] as const));
  const triples = pairs.flatMap(([a, b]) => ANSWERS.map((c) => [a, b, c] as const));
  const sets: (readonly Counted[])[] = [...ANSWERS.map((a) => [a]), ...pairs, ...triples];

  it.each([SOURCE_POOL, SOURCE_DECLARED])('amount to the ruling of the table, for source %i', (source) => {
    for (const set of sets) {
      for (const quorum of [1, 2]) {
        expect(`${set.join()} ${quorum}: ${ruling(set, quorum, source)}`).toBe(
          `${set.join()} ${quorum}: ${wanted(set, quorum, source)}`,
        );
      }
    }
  });

  it.each<[readonly Counted[], number, string]>([
    [['VALID', 'INVALID'], 2, 'HOLD_NODES_DISAGREE'],
    [['VALID', 'LATE'], 2, 'VALID'],
    [['LATE', 'LATE'], 2, 'VALID late'],
    [['VALID', 'ABSTAINS'], 2, 'HOLD_NODE_UNAVAILABLE'],
    [['VALID', 'BEHIND'], 2, 'HOLD_NODE_BEHIND'],
    [['INVALID', 'ABSTAINS'], 1, 'TPL_NODE_REJECTED'],
    [['ABSTAINS', 'ABSTAINS'], 1, 'HOLD_NODE_UNAVAILABLE'],
    [['INVALID', 'LATE', 'VALID'], 2, 'HOLD_NODES_DISAGREE'],
  ])('%j with quorum %i: %s', (set, quorum, result) => {
    expect(ruling(set, quorum, SOURCE_POOL)).toBe(result);
  });
});
