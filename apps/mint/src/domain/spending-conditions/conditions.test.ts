import { err } from '@assay/shared/kernel/result';
import { describe, expect, it } from 'vitest';
import { PREIMAGE_HASH, signer, turned } from '../../../test/locked-secrets.ts';
import type { ConditionKind, Tag } from '../secret.ts';
import { type ConditionsDefect, conditionsOf } from './conditions.ts';

const [A, B, C] = ['a', 'b', 'c'].map((name) => signer(name).key) as [string, string, string];
const OFF_CURVE = `02${'0'.repeat(63)}5`;
const UNCANONICAL = `02${'f'.repeat(64)}`;

const p2pk = (...tags: Tag[]) => conditionsOf({ kind: 'P2PK', data: A, tags });
const htlc = (...tags: Tag[]) => conditionsOf({ kind: 'HTLC', data: PREIMAGE_HASH, tags });
const locktimeOf = (...values: string[]) => {
  const read = p2pk(['locktime', ...values]);
  return read.ok ? read.value.locktimeS : read.error;
};

type Defective = readonly [defect: ConditionsDefect, kind: ConditionKind, data: string, tags: readonly Tag[]];
const DEFECTIVE: readonly Defective[] = [
  ...(['sigflag', 'pubkeys', 'n_sigs', 'locktime', 'refund', 'n_sigs_refund'] as const).map(
    (name) => ['tag-repeated', 'P2PK', A, [[name], ['own'], [name]]] as const,
  ),
  ['sigflag-unknown', 'P2PK', A, [['sigflag', 'SIG_NONE']]],
  ['sigflag-unknown', 'P2PK', A, [['sigflag', 'sig_all']]],
  ['sigflag-unknown', 'P2PK', A, [['sigflag']]],
  ['sigflag-unknown', 'HTLC', PREIMAGE_HASH, [['sigflag', 'SIG_ALL', 'SIG_INPUTS']]],
  ['data-invalid', 'P2PK', '', []],
  ['data-invalid', 'P2PK', A.slice(2), []],
  ['data-invalid', 'P2PK', `04${A.slice(2)}`, []],
  ['data-invalid', 'P2PK', `${A}00`, []],
  ['data-invalid', 'P2PK', OFF_CURVE, []],
  ['data-invalid', 'P2PK', UNCANONICAL, []],
  ['data-invalid', 'P2PK', PREIMAGE_HASH, []],
  ['data-invalid', 'HTLC', A, []],
  ['data-invalid', 'HTLC', PREIMAGE_HASH.slice(2), []],
  ['data-invalid', 'HTLC', `${PREIMAGE_HASH.slice(1)}g`, []],
  ...(['pubkeys', 'refund'] as const).flatMap((name): Defective[] => [
    ['key-invalid', 'P2PK', A, [[name, OFF_CURVE]]],
    ['key-invalid', 'P2PK', A, [[name, B, B.slice(2)]]],
    ['key-invalid', 'HTLC', PREIMAGE_HASH, [[name, 'x']]],
    ['key-repeated', 'P2PK', A, [[name, B, B]]],
    ['key-repeated', 'P2PK', A, [[name, B, turned(B)]]],
    ['key-repeated', 'HTLC', PREIMAGE_HASH, [[name, B, B.toUpperCase()]]],
  ]),
  ['key-repeated', 'P2PK', A, [['pubkeys', A]]],
  ['key-repeated', 'P2PK', A, [['pubkeys', B, turned(A)]]],
  ...['0', '-1', '1.0', '1e0', '0x1', ' 1', 'one', '3', '99999999999999999999'].flatMap((asked): Defective[] => [
    [
      'n-sigs-invalid',
      'P2PK',
      A,
      [
        ['pubkeys', B],
        ['n_sigs', asked],
      ],
    ],
    [
      'n-sigs-refund-invalid',
      'P2PK',
      A,
      [
        ['refund', B, C],
        ['n_sigs_refund', asked],
      ],
    ],
  ]),
  ['n-sigs-invalid', 'P2PK', A, [['n_sigs']]],
  ['n-sigs-invalid', 'P2PK', A, [['n_sigs', '1', '1']]],
  ['n-sigs-invalid', 'HTLC', PREIMAGE_HASH, [['n_sigs', '1']]],
  [
    'n-sigs-invalid',
    'HTLC',
    PREIMAGE_HASH,
    [
      ['pubkeys', A],
      ['n_sigs', '2'],
    ],
  ],
  ['n-sigs-refund-invalid', 'P2PK', A, [['n_sigs_refund', '1']]],
  ['n-sigs-refund-invalid', 'P2PK', A, [['refund'], ['n_sigs_refund', '1']]],
];

describe('conditions', () => {
  it.each(DEFECTIVE)('with the defect %s are nobody’s: %s %s %j', (defect, kind, data, tags) => {
    expect(conditionsOf({ kind, data, tags })).toEqual(err(defect));
  });

  it('of P2PK need one of the key and the pubkeys, unless n_sigs says more', () => {
    expect(p2pk()).toMatchObject({ value: { sigflag: 'SIG_INPUTS', main: { needed: 1n }, hashLock: undefined } });
    expect(p2pk(['pubkeys', B, C])).toMatchObject({ value: { main: { needed: 1n } } });
    expect(p2pk(['n_sigs', '3'], ['pubkeys', B, C])).toMatchObject({ value: { main: { needed: 3n } } });
    const keys = p2pk(['pubkeys', B.toUpperCase(), C]);
    expect(keys.ok && keys.value.main.keys.map((key) => Buffer.from(key).toString('hex'))).toEqual(
      [A, B, C].map((key) => key.slice(2)),
    );
  });

  it('of HTLC need signatures only where there are pubkeys', () => {
    expect(htlc()).toMatchObject({ value: { main: { keys: [], needed: 0n } } });
    expect(htlc(['pubkeys'])).toMatchObject({ value: { main: { keys: [], needed: 0n } } });
    expect(htlc(['pubkeys', A])).toMatchObject({ value: { main: { needed: 1n } } });
    expect(htlc(['pubkeys', A, B], ['n_sigs', '2'])).toMatchObject({ value: { main: { needed: 2n } } });
  });

  it('may have one key in both pathways, tags of their own twice, and texts after the digits’ zeros', () => {
    const both = p2pk(['refund', turned(A), B], ['n_sigs_refund', '02'], ['own', '1'], ['own', '2']);
    expect(both).toMatchObject({ value: { refund: { needed: 2n } } });
  });

  it('without a refund tag have no refund; with one that is empty they have one that nobody can sign', () => {
    expect(p2pk()).toMatchObject({ value: { refund: undefined } });
    expect(p2pk(['refund'])).toMatchObject({ value: { refund: { keys: [], needed: 1n } } });
    expect(p2pk(['refund', B])).toMatchObject({ value: { refund: { needed: 1n } } });
  });

  it('are locked until a Unix time, and for ever where the locktime is none', () => {
    expect(locktimeOf('1689418329')).toBe(1_689_418_329n);
    expect(locktimeOf('0')).toBe(0n);
    expect(locktimeOf('9'.repeat(1_000))).toBe(BigInt('9'.repeat(1_000)));
    for (const text of ['soon', '-1', '1.5', '1e3', '0x10', ' 1', '1 ', '+1', '١']) {
      expect(locktimeOf(text)).toBeUndefined();
    }
    expect([locktimeOf(), locktimeOf('1', '2')]).toEqual([undefined, undefined]);
  });
});
