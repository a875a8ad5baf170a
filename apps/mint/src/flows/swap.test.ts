import { sumAmounts } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { memoryMint, paidQuote } from '../../test/memory-mint.ts';
import { blinds, mintProofs, proofsOf, swapAs, swapRequest } from '../../test/requests.ts';
import { denominationsOf } from '../../test/wallet-secrets.ts';
import { checkState } from './check-state.ts';
import { restoreSignatures } from './restore-signatures.ts';

describe('a swap', () => {
  it('spends its inputs and signs its outputs, which can be spent in turn', async () => {
    const mint = memoryMint({ paid: 8n });
    const { keyset } = mint;
    const proofs = await mintProofs(mint, 'minted', [8n]);
    const first = await swapAs(mint, 'first', swapRequest('first', proofs, [4n, 4n], keyset));
    expect(first).toMatchObject({ ok: true });
    const fresh = proofsOf(blinds('first', [4n, 4n], keyset), first.ok ? first.value : [], keyset);
    expect(await swapAs(mint, 'second', swapRequest('second', fresh, [8n], keyset))).toMatchObject({ ok: true });
    const again = await swapAs(mint, 'third', swapRequest('third', fresh, [8n], keyset));
    expect(again).toMatchObject({ ok: false, error: { code: 'already-spent' } });
  });

  it('a hundred at once of one proof: one success, the others find it spent', async () => {
    const mint = memoryMint({ paid: 8n });
    const proofs = await mintProofs(mint, 'minted', [8n]);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        swapAs(mint, `s-${index}`, swapRequest(`s-${index}`, proofs, [8n], mint.keyset)),
      ),
    );
    const outcomes = answers.map((answer) => (answer.ok ? 'ok' : answer.error.code));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'already-spent')).toHaveLength(99);
  });

  it('that is repeated is answered as before, also when nobody can sign or verify', async () => {
    const mint = memoryMint({ paid: 8n });
    const proofs = await mintProofs(mint, 'minted', [8n]);
    const request = swapRequest('once', proofs, [8n], mint.keyset);
    const first = await swapAs(mint, 'once', request);
    const away = () => Promise.reject(new Error('the signatory is away'));
    const without = { ...mint, ports: { ...mint.ports, signatory: { verifyProofs: away, blindSign: away } } };
    expect(await swapAs(without, 'once', request)).toEqual(first);
  });

  it('of too many inputs is refused before any of their secrets is looked at', async () => {
    const mint = memoryMint({ paid: 8n });
    const [proof] = await mintProofs(mint, 'minted', [8n]);
    if (proof === undefined) throw new Error('nothing was minted');
    const unread = {
      ...proof,
      get secret(): string {
        throw new Error('looked at');
      },
    };
    const inputs = Array.from({ length: 1_001 }, () => unread);
    const answer = await swapAs(mint, 'many', { inputs, outputs: swapRequest('many', [], [8n], mint.keyset).outputs });
    expect(answer).toMatchObject({ ok: false, error: { code: 'too-many-inputs' } });
  });

  it('for outputs that are signed already spends nothing', async () => {
    const mint = memoryMint({ paid: 8n });
    const [one, other] = await mintProofs(mint, 'minted', [4n, 4n]);
    if (one === undefined || other === undefined) throw new Error('two proofs were minted');
    expect(await swapAs(mint, 'first', swapRequest('same', [one], [4n], mint.keyset))).toMatchObject({ ok: true });
    const again = await swapAs(mint, 'again', swapRequest('same', [other], [4n], mint.keyset));
    expect(again).toMatchObject({ ok: false, error: { code: 'already-signed' } });
    expect(await swapAs(mint, 'new', swapRequest('new', [other], [4n], mint.keyset))).toMatchObject({ ok: true });
  });

  it('of a forged, a foreign or a dearer proof is refused', async () => {
    const mint = memoryMint({ paid: 8n });
    const [proof] = await mintProofs(mint, 'minted', [4n]);
    if (proof === undefined) throw new Error('nothing was minted');
    const forged = [{ ...proof, secret: 'another' }];
    const dearer = [{ ...proof, amount: proof.amount }].map((input) => ({
      ...input,
      c: mint.keyset.keys.get(input.amount),
    }));
    for (const inputs of [forged, dearer] as (typeof forged)[]) {
      const answer = await swapAs(mint, 'bad', swapRequest('bad', inputs, [4n], mint.keyset));
      expect(answer).toMatchObject({ ok: false, error: { code: 'proof-invalid' } });
    }
    expect(mint.store.spent.size).toBe(0);
  });

  it('checkstate and restore tell what it did, in the order asked', async () => {
    const mint = memoryMint({ paid: 8n });
    const proofs = await mintProofs(mint, 'minted', [2n, 4n]);
    const [first] = proofs;
    if (first === undefined) throw new Error('nothing was minted');
    const request = swapRequest('swapped', [{ ...first, witness: 'seen' }], [2n], mint.keyset);
    expect(await swapAs(mint, 'swapped', request)).toMatchObject({ ok: true });
    const [y] = mint.store.spent.keys();
    if (y === undefined) throw new Error('nothing was spent');
    const unseen = mint.keyset.keys.get(first.amount) as typeof y;
    expect(await checkState(mint.ports, [unseen, y, unseen, y])).toEqual([
      { y: unseen, state: 'UNSPENT', witness: undefined },
      { y, state: 'SPENT', witness: 'seen' },
      { y: unseen, state: 'UNSPENT', witness: undefined },
      { y, state: 'SPENT', witness: 'seen' },
    ]);
    const bs = [unseen, ...request.outputs.map(({ b }) => b)];
    expect((await restoreSignatures(mint.ports, bs)).map(({ b, amount }) => [b, amount])).toEqual([[bs[1], 2n]]);
  });

  it('conserves: whatever is minted, split and joined, spent and unspent add up to what was paid', async () => {
    const fees = aKeyset({ name: 'dear', inputFeePpk: 100n, active: false });
    await fc.assert(
      fc.asyncProperty(fc.bigInt(1n, 2n ** 40n), fc.bigInt(1n, 2n ** 40n), async (paid, part) => {
        const mint = memoryMint({ paid: 1n, keysets: [fees] });
        mint.quotes.put({ ...paidQuote(paid), amountRequested: paidQuote(paid).amountPaid });
        const proofs = await mintProofs(mint, 'all', denominationsOf(paid));
        const split = [...denominationsOf(part % paid), ...denominationsOf(paid - (part % paid))];
        const answer = await swapAs(mint, 'split', swapRequest('split', proofs, split, mint.keyset));
        expect(answer.ok && sumAmounts(answer.value.map(({ amount }) => amount))).toBe(paid);
        const more = await swapAs(mint, 'more', swapRequest('more', proofs, [...split, 1n], mint.keyset));
        expect(more).toMatchObject({ ok: false, error: { code: 'unbalanced' } });
      }),
      { numRuns: 30 },
    );
  });
});
