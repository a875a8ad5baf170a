import { present } from '@assay/shared/kernel/assert';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve, uncompressedPoint } from '@assay/shared/kernel/cashu-curve';
import { sha256 } from '@assay/shared/kernel/hash';
import { afterAll, describe, expect, test } from 'vitest';
import { unit } from '../../../test/unit-store-contract.ts';
import type { BlindSignature, SignJob } from '../../domain/blind-signature.ts';
import { deriveKeyset } from '../../domain/keyset.ts';
import { inlineSigner } from './inline-signer.ts';
import { workerSigner } from './worker-signer.ts';

const crashes: Error[] = [];
const threads = workerSigner(2, (error) => crashes.push(error));
afterAll(threads.stop);

const keyset = deriveKeyset(sha256(utf8('master')), unit('hash'), {
  index: 0,
  amounts: [1n, 2n, 4n],
  inputFeePpk: 0n,
  finalExpiry: undefined,
});

function jobs(count: number): SignJob[] {
  const pairs = [...keyset.keys.values()];
  return Array.from({ length: count }, (_, at) => {
    const pair = pairs[at % pairs.length];
    if (pair === undefined) throw new Error('a keyset has keys');
    const blindedMessage = present(uncompressedPoint(hashToCurve(utf8(`secret ${at}`))), 'point');
    return { secretKey: pair.secretKey, publicKey: pair.publicKeyUncompressed, blindedMessage };
  });
}

const asText = (signatures: readonly BlindSignature[]) =>
  signatures.map(({ blindSignature, e, s }) => [blindSignature, e, s].map(toHex).join());

describe('signing threads', () => {
  test.each([0, 1, 64, 65, 300])('make the same %i signatures as the main thread, in order', async (count) => {
    expect(asText(await threads.sign(jobs(count)))).toEqual(asText(await inlineSigner.sign(jobs(count))));
  });

  test('keep many requests apart', async () => {
    const requests = Array.from({ length: 40 }, (_, at) => jobs(at + 1).slice(at % 7));
    const answers = await Promise.all(requests.map((request) => threads.sign(request)));
    const expected = await Promise.all(requests.map((request) => inlineSigner.sign(request)));
    expect(answers.map(asText)).toEqual(expected.map(asText));
  });

  test('leave the keys of the keyset as they were', async () => {
    const keysNow = () => jobs(3).map(({ secretKey }) => toHex(secretKey));
    const before = keysNow();
    await threads.sign(jobs(3));
    expect(keysNow()).toEqual(before);
  });

  test('verify proofs with secrets of any length, and find the one bad proof among many', async () => {
    const signed = await threads.sign(jobs(200));
    const proofs = jobs(200).map(({ secretKey }, at) => {
      const signature = signed[at]?.blindSignature ?? new Uint8Array();
      return { secretKey, secret: utf8(`secret ${at}`), signature };
    });
    expect(await threads.verify(proofs)).toBe(true);
    const bad = proofs.map((proof, at) => (at === 150 ? { ...proof, secret: utf8('x'.repeat(2_048)) } : proof));
    expect(await threads.verify(bad)).toBe(false);
    expect(await threads.verify([])).toBe(true);
  });

  test('that end fail what is under way and tell it once for each thread', async () => {
    const lost: Error[] = [];
    const dying = workerSigner(1, (error) => lost.push(error));
    const badKey = { secretKey: new Uint8Array(32), publicKey: new Uint8Array(65), blindedMessage: new Uint8Array(65) };
    await expect(dying.sign([badKey])).rejects.toThrow();
    expect(lost.length).toBeGreaterThan(0);
    expect(crashes).toEqual([]);
    await dying.stop();
  });
});
