import { unixMs } from '@assay/shared/kernel/clock';
import { describe, expect, it } from 'vitest';
import {
  input,
  lockedSecret,
  output,
  PREIMAGE,
  PREIMAGE_HASH,
  signatures,
  signed,
  signedForAll,
  type Signer,
  signer,
  turned,
} from '../../../test/locked-secrets.ts';
import type { ProofInput } from '../request.ts';
import { WITNESS_FAULTS, type WitnessFault } from './judge-witness.ts';
import { conditionSteps, refuseConditions } from './refuse-conditions.ts';

const [A, B, C, R, S, X] = ['a', 'b', 'c', 'r', 's', 'x'].map(signer) as [
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
];
const LOCKTIME_S = 1_795_227_000;
const BEFORE = unixMs(LOCKTIME_S * 1_000 - 1);
const AFTER = unixMs(LOCKTIME_S * 1_000);
const OUTPUTS = [output('one'), output('two', 2n)];

const locktime = ['locktime', String(LOCKTIME_S)];
const p2pk = (...tags: string[][]) => lockedSecret('P2PK', A.key, tags);
const htlc = (...tags: string[][]) => lockedSecret('HTLC', PREIMAGE_HASH, tags);
const judge = (inputs: readonly ProofInput[], now = BEFORE, outputs = OUTPUTS) =>
  refuseConditions({ inputs, outputs, now });
const faultOf = (inputs: readonly ProofInput[], now = BEFORE, outputs = OUTPUTS) => {
  const refused = judge(inputs, now, outputs);
  if (refused !== undefined) expect(refused.code).toBe('witness-invalid');
  return Object.entries(WITNESS_FAULTS).find(([, text]) => text === refused?.detail)?.[0];
};

interface Case {
  readonly of: string;
  readonly secret: string;
  readonly by?: readonly Signer[];
  readonly preimage?: string;
  /** Undefined: spendable. */
  readonly before: WitnessFault | undefined;
  readonly after: WitnessFault | undefined;
}

const TWO_OF_THREE = p2pk(['pubkeys', B.key, C.key], ['n_sigs', '2']);
const REFUNDED = p2pk(['pubkeys', B.key], ['n_sigs', '2'], locktime, ['refund', R.key, S.key], ['n_sigs_refund', '2']);
const HTLC_KEYS = htlc(['pubkeys', A.key, B.key], ['n_sigs', '2'], locktime, ['refund', R.key]);
const wrong = 'no-valid-signature';
/** Of one input that is not signed at all: wallets match the same words. */
const none = wrong;
/** Of inputs that are signed together. */
const noneOfAll = 'no-signatures';
const few = 'too-few-signatures';
const shut = 'no-preimage';

/** The table of 03-mint section 7: every pathway met and missed, before the locktime and from it on. */
const CASES: readonly Case[] = [
  { of: 'one key', secret: p2pk(), by: [A], before: undefined, after: undefined },
  { of: 'one key, unsigned', secret: p2pk(), by: [], before: none, after: none },
  { of: 'one key, another signer', secret: p2pk(), by: [X], before: wrong, after: wrong },
  { of: 'one of three', secret: p2pk(['pubkeys', B.key, C.key]), by: [C], before: undefined, after: undefined },
  { of: 'two of three', secret: TWO_OF_THREE, by: [C, A], before: undefined, after: undefined },
  { of: 'two of three, three signed', secret: TWO_OF_THREE, by: [C, B, A], before: undefined, after: undefined },
  { of: 'two of three, others too', secret: TWO_OF_THREE, by: [X, C, X, A], before: undefined, after: undefined },
  { of: 'two of three, one signed', secret: TWO_OF_THREE, by: [C], before: few, after: few },
  { of: 'two of three, one signed twice', secret: TWO_OF_THREE, by: [C, C, X], before: few, after: few },
  { of: 'two of three, nobody of them', secret: TWO_OF_THREE, by: [X, R], before: wrong, after: wrong },
  { of: 'a locktime that is no time', secret: p2pk(['locktime', 'soon']), before: none, after: none },
  { of: 'no refund tag, nobody signed', secret: p2pk(locktime), before: none, after: undefined },
  { of: 'an empty refund tag', secret: p2pk(locktime, ['refund']), before: none, after: none },
  {
    of: 'an empty refund tag, signed',
    secret: p2pk(locktime, ['refund']),
    by: [A],
    before: undefined,
    after: undefined,
  },
  { of: 'refund, by its keys', secret: REFUNDED, by: [S, R], before: wrong, after: undefined },
  { of: 'refund, by one of its keys', secret: REFUNDED, by: [S], before: wrong, after: few },
  { of: 'refund, by the main keys', secret: REFUNDED, by: [B, A], before: undefined, after: undefined },
  { of: 'refund, by half of each', secret: REFUNDED, by: [A, R], before: few, after: few },
  { of: 'refund, unsigned', secret: REFUNDED, before: none, after: none },
  { of: 'a hash', secret: htlc(), preimage: PREIMAGE, before: undefined, after: undefined },
  { of: 'a hash, capitals', secret: htlc(), preimage: PREIMAGE.toUpperCase(), before: undefined, after: undefined },
  { of: 'a hash, no witness', secret: htlc(), before: shut, after: shut },
  { of: 'a hash, another preimage', secret: htlc(), preimage: PREIMAGE_HASH, before: shut, after: shut },
  { of: 'a hash, 31 bytes', secret: htlc(), preimage: PREIMAGE.slice(2), before: shut, after: shut },
  { of: 'a hash, signed only', secret: htlc(), by: [A], before: shut, after: shut },
  { of: 'a hash, no refund tag', secret: htlc(locktime), before: shut, after: undefined },
  { of: 'hash and keys', secret: HTLC_KEYS, by: [B, A], preimage: PREIMAGE, before: undefined, after: undefined },
  { of: 'hash and keys, one signed', secret: HTLC_KEYS, by: [B], preimage: PREIMAGE, before: few, after: few },
  { of: 'hash and keys, unsigned', secret: HTLC_KEYS, preimage: PREIMAGE, before: none, after: none },
  { of: 'hash and keys, no preimage', secret: HTLC_KEYS, by: [B, A], before: shut, after: wrong },
  { of: 'hash and keys, refunded', secret: HTLC_KEYS, by: [R], before: shut, after: undefined },
  {
    of: 'hash and keys, refunded with a wrong preimage',
    secret: HTLC_KEYS,
    by: [R],
    preimage: PREIMAGE_HASH,
    before: shut,
    after: undefined,
  },
  { of: 'hash and keys, refund by another', secret: HTLC_KEYS, by: [X], before: shut, after: wrong },
  {
    of: 'hash and keys, preimage and another',
    secret: HTLC_KEYS,
    by: [X],
    preimage: PREIMAGE,
    before: wrong,
    after: wrong,
  },
];

describe('a proof with conditions', () => {
  it.each(CASES)('$of: before the locktime $before, from it on $after', ({ secret, by, preimage, before, after }) => {
    const proof = by === undefined && preimage === undefined ? input(secret) : signed(secret, by ?? [], preimage);
    expect(faultOf([input('plain'), proof], BEFORE)).toBe(before);
    expect(faultOf([proof, input('plain')], AFTER)).toBe(after);
    expect(faultOf([proof], BEFORE, [])).toBe(before);
  });

  it('says why in the words that wallets match', () => {
    expect(Object.values(WITNESS_FAULTS)).toEqual([
      'no witness: signatures not provided',
      'witness has no valid p2pk signature',
      'witness has too few p2pk signatures',
      'witness has no valid htlc preimage',
    ]);
  });

  it.each([
    ['undefined', undefined, none],
    ['empty', '', none],
    ['no JSON', '{', none],
    ['null', 'null', none],
    ['a list', '["signatures"]', none],
    ['without signatures', '{}', none],
    ['inherited', '{"__proto__":{"signatures":["00"]}}', none],
    ['no list', `{"signatures":"${'00'.repeat(64)}"}`, none],
    ['an empty list', '{"signatures":[]}', none],
    ['no texts', '{"signatures":[1,null,[]]}', wrong],
    ['no hex', '{"signatures":["signature"]}', wrong],
    ['zeros', `{"signatures":["${'00'.repeat(64)}"]}`, wrong],
    ['deep', `{"signatures":${'['.repeat(2_000)}${']'.repeat(2_000)}}`, wrong],
  ])('whose witness is %s is refused', (_, witness, fault) => {
    expect(faultOf([input(p2pk(), witness)])).toBe(fault);
  });

  it('takes signatures in hex of either case, and of either parity of the key', () => {
    const [signature = ''] = signatures(p2pk(), [A]);
    expect(faultOf([input(p2pk(), JSON.stringify({ signatures: [signature.toUpperCase()] }))])).toBeUndefined();
    const other = lockedSecret('P2PK', turned(A.key));
    expect(faultOf([signed(other, [A])])).toBeUndefined();
  });

  it('is signed on its own secret: the signature of another does not count', () => {
    const other = lockedSecret('P2PK', A.key, [], 'other');
    expect(faultOf([{ ...signed(other, [A]), secret: p2pk() }])).toBe(wrong);
    expect(faultOf([signed(p2pk(), [A]), input(other)])).toBe(none);
  });

  it('that is defective is refused as a proof, before any witness', () => {
    const defective = lockedSecret('P2PK', A.key, [['n_sigs', '0']]);
    expect(judge([input(p2pk()), signed(defective, [A])])).toEqual({
      code: 'proof-invalid',
      detail: 'n_sigs of the secret cannot be met',
    });
    expect(judge([input('["P2PK",{}]')])?.code).toBe('proof-invalid');
  });
});

describe('many proofs with conditions', () => {
  const others = Array.from({ length: 9 }, (_, index) => signer(`other ${index}`));
  const terms = [['pubkeys', ...others.map(({ key }) => key)], ['n_sigs', '10'], locktime, ['refund', R.key, S.key]];
  const many = (by: readonly Signer[]) =>
    Array.from({ length: 60 }, (_, index) => signed(lockedSecret('P2PK', A.key, terms, String(index)), by));

  it('are taken back by a refund key, and spent by ten keys in any order, without running out of tries', () => {
    expect(faultOf(many([S]), AFTER)).toBeUndefined();
    expect(faultOf(many([...others, A]), AFTER)).toBeUndefined();
    expect(faultOf([...many([S]), ...many([A, ...others])], AFTER)).toBeUndefined();
  });
});

describe('SIG_ALL', () => {
  const all = ['sigflag', 'SIG_ALL'];
  const secretOf = (nonce: string, ...tags: string[][]) => lockedSecret('P2PK', A.key, [all, ...tags], nonce);
  const inputs = [input(secretOf('1')), input(secretOf('2')), input(secretOf('3'))];

  it('is one witness in the first input over all inputs and outputs', () => {
    expect(faultOf(signedForAll(inputs, OUTPUTS, [A]))).toBeUndefined();
    expect(faultOf(signedForAll(inputs, [], [A]), BEFORE, [])).toBeUndefined();
    expect(faultOf(signedForAll(inputs, OUTPUTS, [X]))).toBe(wrong);
    expect(faultOf(inputs)).toBe(noneOfAll);
  });

  it('speaks for exactly these inputs and outputs, in this order', () => {
    const sent = signedForAll(inputs, OUTPUTS, [A]);
    const [first, second] = sent;
    if (first === undefined || second === undefined) throw new Error('three inputs');
    expect(faultOf(sent.slice(0, 2))).toBe(wrong);
    expect(faultOf(sent, BEFORE, OUTPUTS.slice(1))).toBe(wrong);
    expect(faultOf(sent, BEFORE, [...OUTPUTS].reverse())).toBe(wrong);
    expect(faultOf([first, { ...second, c: first.c }, ...sent.slice(2)])).toBe(wrong);
    expect(faultOf(sent, BEFORE, [output('one', 2n), output('two', 1n)])).toBe(wrong);
    expect(faultOf([...sent].reverse())).toBe(noneOfAll);
  });

  it('is not met by signatures of single inputs', () => {
    expect(faultOf(inputs.map(({ secret }) => signed(secret, [A])))).toBe(wrong);
  });

  it('of a melt also signs the quote', () => {
    const melt = (sent: readonly ProofInput[], meltQuoteId?: string) =>
      refuseConditions({ inputs: sent, outputs: OUTPUTS, now: BEFORE, ...(meltQuoteId && { meltQuoteId }) })?.detail;
    const sent = signedForAll(inputs, OUTPUTS, [A], { meltQuoteId: 'quote-1' });
    expect(melt(sent, 'quote-1')).toBeUndefined();
    expect(melt(sent, 'quote-2')).toBe(WITNESS_FAULTS[wrong]);
    expect(melt(sent)).toBe(WITNESS_FAULTS[wrong]);
  });

  it.each([
    ['plain', 'plain'],
    ['of other data', lockedSecret('P2PK', B.key, [all])],
    ['of the same key written otherwise', lockedSecret('P2PK', turned(A.key), [all])],
    ['of other tags', secretOf('4', ['own'])],
    ['of another flag', p2pk()],
    ['of another kind', lockedSecret('HTLC', PREIMAGE_HASH, [all])],
  ])('among inputs of which one is %s is refused, wherever it stands', (_, secret) => {
    const last = [...inputs, input(secret)];
    expect(faultOf(signedForAll(last, OUTPUTS, [A]))).toBe(wrong);
    const first = [input(secret), ...inputs];
    expect(faultOf(signedForAll(first, OUTPUTS, [A]))).toBe(wrong);
  });

  it('has multisig, refund, hash locks and locktimes as each input has', () => {
    const terms = [all, ['pubkeys', B.key, C.key], ['n_sigs', '2'], locktime, ['refund', R.key]];
    const hashed = ['1', '2'].map((nonce) => input(lockedSecret('HTLC', PREIMAGE_HASH, terms, nonce)));
    const sent = (by: readonly Signer[], preimage?: string) =>
      signedForAll(hashed, OUTPUTS, by, preimage ? { preimage } : {});
    expect(faultOf(sent([C, B], PREIMAGE))).toBeUndefined();
    expect(faultOf(sent([C, B]))).toBe(shut);
    expect(faultOf(sent([C], PREIMAGE))).toBe(few);
    expect(faultOf(sent([R]))).toBe(shut);
    expect(faultOf(sent([R]), AFTER)).toBeUndefined();
    const anyone = ['1', '2'].map((nonce) => input(secretOf(nonce, locktime)));
    expect([faultOf(anyone), faultOf(anyone, AFTER)]).toEqual([noneOfAll, undefined]);
  });
});

describe('long work', () => {
  const signers = Array.from({ length: 20 }, (_, index) => signer(`of many ${index}`));
  const [first, ...others] = signers.map(({ key }) => key);
  const tags = [
    ['pubkeys', ...others],
    ['n_sigs', '20'],
  ];
  const lockedBy20 = Array.from({ length: 12 }, (_, index) => lockedSecret('P2PK', first, tags, `n${index}`));
  const piecesOf = (inputs: readonly ProofInput[]) => {
    const steps = conditionSteps({ inputs, outputs: [], now: BEFORE });
    for (let pieces = 1; ; pieces += 1) {
      const { done, value } = steps.next();
      if (done === true) return { pieces, refused: value?.detail };
    }
  };

  it('is done in pieces, and what few signatures take in one', () => {
    const inputs = lockedBy20.map((secret) => signed(secret, signers));
    expect(piecesOf(inputs)).toEqual({ pieces: 7, refused: undefined });
    const plain = Array.from({ length: 1_000 }, (_, index) => input(`plain ${index}`));
    expect(piecesOf([...plain, signed(p2pk(), [A])])).toEqual({ pieces: 1, refused: undefined });
  });

  it('ends with the same answer as in one', () => {
    const inputs = lockedBy20.map((secret) => signed(secret, secret.includes('n11') ? signers.slice(1) : signers));
    expect(piecesOf(inputs)).toEqual({ pieces: 7, refused: WITNESS_FAULTS['too-few-signatures'] });
    expect(refuseConditions({ inputs, outputs: [], now: BEFORE })?.detail).toBe(WITNESS_FAULTS['too-few-signatures']);
  });
});
