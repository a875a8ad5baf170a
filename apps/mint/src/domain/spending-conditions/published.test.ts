import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { input, lockedSecret, signed, signer } from '../../../test/locked-secrets.ts';
import type { PointHex } from '../operation.ts';
import type { BlindedOutput, ProofInput } from '../request.ts';
import { refuseConditions } from './refuse-conditions.ts';
import { signedByAll } from './signed-message.ts';

interface WireProof {
  readonly amount: number;
  readonly id: string;
  readonly secret: string;
  readonly C: string;
  readonly witness?: string;
}
interface WireOutput {
  readonly amount: number;
  readonly id: string;
  readonly B_: string;
}
interface Transaction {
  readonly title: string;
  readonly valid: boolean;
  readonly quote?: string;
  readonly inputs: readonly WireProof[];
  readonly outputs: readonly WireOutput[];
  readonly message?: string;
  readonly messageHash?: string;
}
interface Nut10 {
  readonly validTags: readonly (readonly string[])[];
  readonly invalidTags: readonly (readonly unknown[])[];
}
interface Nut11 {
  readonly proofs: readonly { readonly title: string; readonly valid: boolean; readonly proof: WireProof }[];
  readonly swaps: readonly Transaction[];
  readonly melts: readonly Transaction[];
  readonly equivalentKeys: readonly string[];
  readonly repeatedKeys: readonly {
    readonly title: string;
    readonly valid: boolean;
    readonly data: string;
    readonly tags: readonly (readonly string[])[];
  }[];
}
interface Nut14 {
  readonly hashLock: { readonly data: string; readonly preimage: string };
  readonly secrets: readonly unknown[];
}
interface Nut28 {
  readonly proof: WireProof;
  readonly slots: readonly Record<'publicKey' | 'secretKeyStandard' | 'secretKeyNegated', string>[];
}

// The day of the vectors: their locktimes are 1970 or decades ahead.
const NOW = unixMs(1_795_227_000_000);

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../../vectors/nut/${file}`, import.meta.url), 'utf8')) as T;
}

const nut10 = read<Nut10>('nut-10.json');
const nut11 = read<Nut11>('nut-11.json');
const nut14 = read<Nut14>('nut-14.json');
const nut28 = read<Nut28>('nut-28.json');

const proofOf = ({ amount: value, id, secret, C, witness }: WireProof): ProofInput => ({
  ...{ amount: amount(BigInt(value)), keyset: id, secret },
  ...{ c: C as PointHex, witness },
});
const outputOf = ({ amount: value, id, B_ }: WireOutput): BlindedOutput => ({
  ...{ amount: amount(BigInt(value)), keyset: id, b: B_ as PointHex },
});
const refusalOf = (inputs: readonly ProofInput[], outputs: readonly BlindedOutput[] = [], meltQuoteId?: string) =>
  refuseConditions({ inputs, outputs, now: NOW, ...(meltQuoteId && { meltQuoteId }) });
const isSpendable = (...given: Parameters<typeof refusalOf>) => refusalOf(...given) === undefined;

describe('the published vectors of NUT-10', () => {
  const someone = signer('someone');
  const tagged = (tag: readonly unknown[]) => signed(lockedSecret('P2PK', someone.key, [tag]), [someone]);

  it.each(nut10.validTags.map((tag) => ({ tag })))('$tag is a tag', ({ tag }) => {
    // Its keys are abbreviated: a name without a meaning lets the form alone be judged.
    expect(isSpendable([tagged(['own', ...tag.slice(1)])])).toBe(true);
  });

  it.each(nut10.invalidTags.map((tag) => ({ tag })))('$tag makes the secret nobody’s', ({ tag }) => {
    expect(refusalOf([tagged(tag)])?.code).toBe('proof-invalid');
  });
});

describe('the published vectors of NUT-11', () => {
  it('are all there', () => {
    expect([nut11.proofs.length, nut11.swaps.length, nut11.melts.length]).toEqual([8, 7, 2]);
  });

  it.each(nut11.proofs)('$title: spendable is $valid', ({ proof, valid }) => {
    expect(refusalOf([proofOf(proof)])?.code).toBe(valid ? undefined : 'witness-invalid');
  });

  it.each([...nut11.swaps, ...nut11.melts])('$title: spendable is $valid', ({ inputs, outputs, quote, valid }) => {
    const refused = refusalOf(inputs.map(proofOf), outputs.map(outputOf), quote);
    expect(refused?.code).toBe(valid ? undefined : 'witness-invalid');
  });

  it.each([...nut11.swaps, ...nut11.melts].filter(({ message }) => message))(
    '$title: its message is the published one',
    ({ inputs, outputs, quote, message = '', messageHash }) => {
      expect(toHex(signedByAll(inputs.map(proofOf), outputs.map(outputOf), quote))).toBe(messageHash);
      expect(toHex(sha256(utf8(message)))).toBe(messageHash);
    },
  );

  it('the equivalent keys are one: any two of them in one pathway are a repeated key', () => {
    const [first = '', ...others] = nut11.equivalentKeys;
    for (const key of others) {
      expect(refusalOf([input(lockedSecret('P2PK', first, [['pubkeys', key]]))])?.detail).toContain(
        'key of the secret',
      );
    }
  });

  it.each(nut11.repeatedKeys)('$title: well formed is $valid', ({ data, tags, valid }) => {
    expect(refusalOf([input(lockedSecret('P2PK', data, tags))])?.code).toBe(
      valid ? 'witness-invalid' : 'proof-invalid',
    );
  });
});

describe('the published vectors of NUT-14', () => {
  const { data, preimage } = nut14.hashLock;
  const locked = lockedSecret('HTLC', data);

  it('the preimage opens its hash, and the hash does not', () => {
    expect(isSpendable([input(locked, JSON.stringify({ preimage }))])).toBe(true);
    expect(isSpendable([input(locked, JSON.stringify({ preimage: data }))])).toBe(false);
  });

  it('of the two secrets one waits for a refund key; the other names a refund key that is not on the curve', () => {
    expect(nut14.secrets.map((secret) => refusalOf([input(JSON.stringify(secret))])?.detail)).toEqual([
      'witness has no valid p2pk signature',
      'a key of the secret is no compressed point',
    ]);
  });
});

describe('the published vectors of NUT-28', () => {
  it.each(nut28.slots)('the blinded key $publicKey is signed for like any other, by its derived key', (slot) => {
    const { publicKey, secretKeyStandard, secretKeyNegated } = slot;
    const secret = lockedSecret('P2PK', publicKey);
    const derived = [secretKeyStandard, secretKeyNegated].map((hex) => {
      const secretKey = fromHex(hex);
      return { key: toHex(publicKeyOf(secretKey)), secretKey };
    });
    // The receiver of the vectors has an odd key, so its own derivation is the negated one.
    expect(derived.map((key) => isSpendable([signed(secret, [key])]))).toEqual([false, true]);
  });

  it('the published proof asks for the key of slot 0', () => {
    const { publicKey, secretKeyNegated } = nut28.slots[0] ?? { publicKey: '', secretKeyNegated: '' };
    expect(refusalOf([proofOf(nut28.proof)])?.code).toBe('witness-invalid');
    const key = { key: publicKey, secretKey: fromHex(secretKeyNegated) };
    expect(isSpendable([{ ...signed(nut28.proof.secret, [key]), c: nut28.proof.C as PointHex }])).toBe(true);
  });
});
