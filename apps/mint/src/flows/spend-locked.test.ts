import { present } from '@assay/shared/kernel/assert';
import { describe, expect, it } from 'vitest';
import {
  lockedSecret,
  PREIMAGE,
  PREIMAGE_HASH,
  signatures,
  signed,
  signedForAll,
  signer,
} from '../../test/locked-secrets.ts';
import { memoryMint, type MemoryMint, QUOTE_ID } from '../../test/memory-mint.ts';
import { opId, proofsOf, swapAs, swapRequest } from '../../test/requests.ts';
import { blind, signQuote } from '../../test/wallet-secrets.ts';
import type { ProofInput } from '../domain/request.ts';
import { pointOfSecret } from '../domain/side-checks.ts';
import { checkState } from './check-state.ts';
import { issueTokens } from './issue-tokens.ts';

const [ALICE, BOB] = [signer('alice'), signer('bob')];

/** Proofs of 1 on these secrets. */
async function locked({ ports, keyset }: MemoryMint, secrets: readonly string[]): Promise<readonly ProofInput[]> {
  const blinded = secrets.map((secret) => blind(secret, 1n, keyset));
  const outputs = blinded.map(({ output }) => output);
  const signature = signQuote(QUOTE_ID, outputs);
  const answer = await issueTokens(ports, { opId: opId('m'), method: 'ehash', quoteId: QUOTE_ID, outputs, signature });
  if (!answer.ok) throw new Error(answer.error.detail);
  return proofsOf(blinded, answer.value, keyset);
}

describe('a swap of locked proofs', () => {
  it('is refused to whoever only has the proof, done for whoever holds the key, and shows the witness', async () => {
    const mint = memoryMint();
    const [proof] = await locked(mint, [lockedSecret('P2PK', ALICE.key)]);
    const { secret } = present(proof, 'proof');
    const swapWith = (name: string, witness: string | undefined) =>
      swapAs(mint, name, swapRequest(name, [{ ...present(proof, 'proof'), witness }], [1n], mint.keyset));
    expect(await swapWith('no witness', undefined)).toMatchObject({ error: { code: 'witness-invalid' } });
    expect(await swapWith('by bob', signed(secret, [BOB]).witness)).toMatchObject({
      error: { code: 'witness-invalid', detail: 'witness has no valid p2pk signature' },
    });
    const { witness } = signed(secret, [ALICE]);
    expect(await swapWith('by alice', witness)).toMatchObject({ ok: true });
    expect(await checkState(mint.ports, [pointOfSecret(secret)])).toMatchObject([{ state: 'SPENT', witness }]);
  });

  it('tells the preimage of a hash lock to whoever asks for the state afterwards', async () => {
    const mint = memoryMint();
    const proofs = await locked(mint, [lockedSecret('HTLC', PREIMAGE_HASH)]);
    const opened = proofs.map((proof) => ({ ...proof, witness: JSON.stringify({ preimage: PREIMAGE }) }));
    expect(await swapAs(mint, 'htlc', swapRequest('htlc', opened, [1n], mint.keyset))).toMatchObject({ ok: true });
    const [state] = await checkState(mint.ports, [pointOfSecret(lockedSecret('HTLC', PREIMAGE_HASH))]);
    expect(state?.witness).toContain(PREIMAGE);
  });

  it('under SIG_ALL is for the outputs that were signed, and no others', async () => {
    const mint = memoryMint();
    const secrets = ['1', '2'].map((nonce) => lockedSecret('P2PK', ALICE.key, [['sigflag', 'SIG_ALL']], nonce));
    const { inputs, outputs } = swapRequest('own', await locked(mint, secrets), [2n], mint.keyset);
    const sent = signedForAll(inputs, outputs, [ALICE]);
    const thief = swapRequest('thief', sent, [2n], mint.keyset);
    expect(await swapAs(mint, 'unsigned', { inputs, outputs })).toMatchObject({
      error: { code: 'witness-invalid', detail: 'no witness: signatures not provided' },
    });
    expect(await swapAs(mint, 'stolen', thief)).toMatchObject({ error: { code: 'witness-invalid' } });
    expect(await swapAs(mint, 'own', { inputs: sent, outputs })).toMatchObject({ ok: true });
  });

  it('of a forged proof with a right witness is refused as a proof', async () => {
    const mint = memoryMint();
    const [proof] = await locked(mint, [lockedSecret('P2PK', ALICE.key)]);
    const other = lockedSecret('P2PK', BOB.key);
    const witness = JSON.stringify({ signatures: signatures(other, [BOB]) });
    const forged = swapRequest('forged', [{ ...present(proof, 'proof'), secret: other, witness }], [1n], mint.keyset);
    expect(await swapAs(mint, 'forged', forged)).toMatchObject({ error: { code: 'proof-invalid' } });
  });
});
