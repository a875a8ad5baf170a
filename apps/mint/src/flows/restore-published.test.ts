import { fromHex } from '@assay/shared/kernel/bytes';
import { amount } from '@assay/shared/kernel/money';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { readFileSync } from 'node:fs';
import secp256k1 from 'secp256k1';
import { describe, expect, it } from 'vitest';
import { memoryMint, QUOTE_ID } from '../../test/memory-mint.ts';
import { opId } from '../../test/requests.ts';
import { type Blinded, signQuote, unblind } from '../../test/wallet-secrets.ts';
import { pointHex, pointOfSecret } from '../domain/side-checks.ts';
import { issueTokens } from './issue-tokens.ts';
import { restoreSignatures } from './restore-signatures.ts';

interface Derived {
  readonly outputs: readonly { readonly secret: string; readonly r: string }[];
}

const path = new URL('../../../../vectors/nut/nut-13.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Record<'version1' | 'version2', Derived>;

describe('the published outputs of NUT-13', () => {
  it.each(['version1', 'version2'] as const)(
    'of %s are found again by a wallet that has only its seed',
    async (name) => {
      const { ports, keyset } = memoryMint({ paid: 28n });
      const blinded = vectors[name].outputs.map(({ secret, r }, index): Blinded => {
        const b = secp256k1.publicKeyCombine([fromHex(pointOfSecret(secret)), publicKeyOf(fromHex(r))], true);
        return {
          output: { amount: amount(2n ** BigInt(index)), keyset: keyset.id, b: pointHex(b) },
          secret,
          r: fromHex(r),
        };
      });
      const minted = blinded.slice(0, 4).map(({ output }) => output);
      const signature = signQuote(QUOTE_ID, minted);
      const request = { opId: opId('seed'), method: 'ehash', quoteId: QUOTE_ID, outputs: minted, signature };
      const answer = await issueTokens(ports, request);
      const restored = await restoreSignatures(
        ports,
        blinded.map(({ output }) => output.b),
      );
      expect(answer).toEqual({ ok: true, value: restored });
      const proofs = restored.flatMap((output, index) => {
        const entry = blinded[index];
        return entry === undefined ? [] : [unblind(entry, output, keyset)];
      });
      expect(proofs).toHaveLength(4);
      expect(await ports.signatory.verifyProofs(proofs)).toBe(true);
    },
  );
});
