import {
  Amount,
  createHTLCsecret,
  createP2PKsecret,
  isHTLCSpendAuthorised,
  isP2PKSpendAuthorised,
  type Proof,
  signP2PKProofs,
} from '@cashu/cashu-ts';
import { toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { input, lockedSecret, PREIMAGE, PREIMAGE_HASH, signed, signer, turned } from '../../../test/locked-secrets.ts';
import type { ProofInput } from '../request.ts';
import { refuseConditions } from './refuse-conditions.ts';

// A stock wallet's own judgement of the same proofs, by an implementation that nobody here wrote. It reads the real clock,
// so locktimes are long ago or far ahead.

const SIGNERS = Array.from({ length: 4 }, (_, index) => signer(`signer ${index}`));
const KEYS = SIGNERS.map(({ key }) => key);
const NOW = unixMs(1_795_227_000_000);

function proofOf({ secret, c, witness, amount }: ProofInput): Proof {
  const proof = { id: '00bfa73302d12ffd', amount: Amount.from(amount), secret, C: c };
  return witness === undefined ? proof : { ...proof, witness };
}

/** Wallets keep a witness as text or as an object, and send text. */
function witnessText(proof: Proof | undefined): string {
  return typeof proof?.witness === 'string' ? proof.witness : JSON.stringify(proof?.witness);
}

function isSpendable(proof: ProofInput): boolean {
  return refuseConditions({ inputs: [proof], outputs: [], now: NOW }) === undefined;
}

function isSpendableForWallet(kind: 'P2PK' | 'HTLC', proof: ProofInput): boolean {
  try {
    return kind === 'HTLC' ? isHTLCSpendAuthorised(proofOf(proof)) : isP2PKSpendAuthorised(proofOf(proof));
  } catch {
    return false;
  }
}

const anyKey = fc.constantFrom(...KEYS, turned(KEYS[0] ?? ''), '02', 'x');
const keys = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1 }) },
  fc.array(anyKey, { minLength: 1, maxLength: 3 }),
);
const counts = fc.option(fc.constantFrom('1', '2', '3', '0', '-1'), { nil: undefined });
const tags = fc
  .record({
    pubkeys: fc.option(keys, { nil: undefined }),
    n_sigs: counts,
    sigflag: fc.constantFrom('SIG_INPUTS', 'SIG_INPUTS', undefined, 'SIG_NONE'),
    // The wallet takes no refund without a locktime, and an empty refund tag for none; the NUT says neither.
    locktime: fc.constantFrom('1', '99999999999'),
    refund: fc.option(keys, { nil: undefined }),
    n_sigs_refund: counts,
    own: fc.constantFrom(undefined, 'a'),
  })
  .map((record) =>
    Object.entries(record).flatMap(([name, values]) => (values === undefined ? [] : [[name, values].flat()])),
  )
  .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));

describe('a proof with conditions', () => {
  it('is spendable here exactly where a stock wallet says so', () => {
    const lock = fc.record({
      kind: fc.constantFrom('P2PK' as const, 'HTLC' as const),
      key: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...KEYS) }, anyKey),
      tags,
      by: fc.subarray(SIGNERS),
    });
    fc.assert(
      fc.property(lock, ({ kind, key, tags: given, by }) => {
        const secret = lockedSecret(kind, kind === 'HTLC' ? PREIMAGE_HASH : key, given);
        // Without it the wallet refunds nobody who could also sign as receiver; the NUT does.
        const proof = signed(secret, by, kind === 'HTLC' ? PREIMAGE : undefined);
        expect(isSpendable(proof)).toBe(isSpendableForWallet(kind, proof));
      }),
      { numRuns: 150 },
    );
  });

  it('that a stock wallet locked and signed is spendable', () => {
    const [alice, bob] = SIGNERS;
    if (alice === undefined || bob === undefined) throw new Error('two signers');
    const terms = [
      ['pubkeys', bob.key],
      ['n_sigs', '2'],
    ];
    const locked = input(createP2PKsecret(alice.key, terms));
    const privateKeys = [bob, alice].map(({ secretKey }) => toHex(secretKey));
    const [half] = signP2PKProofs([proofOf(locked)], privateKeys.slice(0, 1));
    const [whole] = signP2PKProofs([proofOf(locked)], privateKeys);
    const spendable = (proof: Proof | undefined) => isSpendable({ ...locked, witness: witnessText(proof) });
    expect([half, whole].map(spendable)).toEqual([false, true]);

    const hashed = input(createHTLCsecret(PREIMAGE_HASH, [['pubkeys', bob.key]]));
    const withPreimage = { ...hashed, witness: JSON.stringify({ preimage: PREIMAGE }) };
    const [opened] = signP2PKProofs([proofOf(withPreimage)], privateKeys);
    expect(isSpendable({ ...hashed, witness: witnessText(opened) })).toBe(true);
  });
});
