import { afterEach, expect, it } from 'vitest';
import { fromHex, toHex, u32 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { schnorrVerify, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { readVector } from '../../../test/known-work.ts';
import { startSigner, type ThreadSigner } from './signer.ts';

const VECTOR = readVector<{ poolSecret: string; seals: { batchHash: string; signature?: string }[] }>('pool-batch');
const SECRET = fromHex(VECTOR.poolSecret);

let signer: ThreadSigner;
afterEach(() => signer.close());

it('the thread signs as example A2 says, and many digests each with its own signature', async () => {
  signer = startSigner(SECRET, (fault) => {
    throw fault;
  });
  const [sealed] = VECTOR.seals;
  expect(toHex(await signer.sign(fromHex(sealed?.batchHash ?? '')))).toBe(sealed?.signature);
  const digests = Array.from({ length: 50 }, (_, index) => sha256(u32(index)));
  const signatures = await Promise.all(digests.map(signer.sign));
  const key = xOnlyPublicKeyOf(SECRET);
  digests.forEach((digest, index) => {
    expect(schnorrVerify(signatures[index] ?? new Uint8Array(64), digest, key)).toBe(true);
  });
});

it('a thread that failed refuses, and tells so once', async () => {
  const faults: unknown[] = [];
  signer = startSigner(new Uint8Array(32), (fault) => void faults.push(fault));
  await expect(signer.sign(new Uint8Array(32))).rejects.toThrow('the signing thread failed');
  await expect(signer.sign(new Uint8Array(32))).rejects.toThrow('the signing thread failed');
  expect(faults.length).toBe(1);
});
