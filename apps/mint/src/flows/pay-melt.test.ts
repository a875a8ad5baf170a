import { amount } from '@assay/shared/kernel/money';
import { err } from '@assay/shared/kernel/result';
import { describe, expect, it } from 'vitest';
import { lockedSecret, signedForAll, signer } from '../../test/locked-secrets.ts';
import { aMeltQuote, meltAs, meltCommand, meltingMint, satProofs } from '../../test/melting-mint.ts';
import { opId, proofsOf } from '../../test/requests.ts';
import { blind } from '../../test/wallet-secrets.ts';
import type { SigningRefusal } from '../ports.ts';
import { melt } from './melt.ts';
import { recoverMelts } from './recover-melts.ts';

const [ALICE, BOB] = [signer('alice'), signer('bob')];

describe('the change of a paid melt', () => {
  const paid = async (refuses: SigningRefusal) => {
    const mint = meltingMint();
    const quote = await aMeltQuote(mint);
    const command = meltCommand(mint, 'melt', quote, { inputs: await satProofs(mint, 'melt', [16n]) });
    const signatory = { ...mint.ports.signatory, blindSign: async () => err(refuses) };
    return { mint, answer: await melt({ ...mint.ports, signatory }, command) };
  };

  it('on a keyset that was retired too long ago is surplus: the payment is made all the same', async () => {
    const { mint, answer } = await paid('keyset-inactive');
    expect(answer).toMatchObject({ value: { state: 'PAID', change: [] } });
    expect(mint.store.byId.get(opId('melt'))).toMatchObject({ out: 10n, surplus: 6n, outputs: [] });
    expect(mint.store.signed.size).toBe(0);
  });

  it('that the signatory refuses for now is not given up', async () => {
    const { mint, answer } = await paid('minting-disabled');
    expect(answer).toMatchObject({ value: { state: 'PENDING' } });
    mint.clock.advance(5_500);
    await recoverMelts(mint.ports);
    expect(mint.store.byId.get(opId('melt'))).toMatchObject({ surplus: 0n, outputs: [{ amount: 2n }, { amount: 4n }] });
  });
});

describe('a melt of locked proofs', () => {
  it('under SIG_ALL is for the quote and the blank outputs that were signed, and no others', async () => {
    const mint = meltingMint();
    const { satKeyset: keyset, ports } = mint;
    const blinded = [blind(lockedSecret('P2PK', ALICE.key, [['sigflag', 'SIG_ALL']]), 16n, keyset)];
    const signed = await ports.signatory.blindSign(blinded.map(({ output }) => output));
    if (!signed.ok) throw new Error(signed.error);
    const inputs = proofsOf(blinded, signed.value, keyset);
    const [quote, other] = [await aMeltQuote(mint), await aMeltQuote(mint, 'lnbc2')];
    const command = meltCommand(mint, 'locked', quote, { inputs });
    const signedBy = (who: typeof ALICE, meltQuoteId: string) => ({
      ...command,
      inputs: signedForAll(inputs, command.outputs, [who], { meltQuoteId }),
    });
    const refused = { error: { code: 'witness-invalid' } };
    expect(await meltAs(mint, command)).toMatchObject(refused);
    expect(await meltAs(mint, signedBy(BOB, quote.quote))).toMatchObject(refused);
    expect(await meltAs(mint, signedBy(ALICE, other.quote))).toMatchObject(refused);
    const own = signedBy(ALICE, quote.quote);
    const dearer = own.outputs.map((output) => ({ ...output, amount: amount(1n) }));
    expect(await meltAs(mint, { ...own, outputs: dearer })).toMatchObject(refused);
    expect(await meltAs(mint, own)).toMatchObject({ value: { state: 'PAID' } });
  });
});
