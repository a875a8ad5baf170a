import { hasValidDleq, type Proof, Wallet } from '@cashu/cashu-ts';
import { toHex } from '@assay/shared/kernel/bytes';
import { type EhashQuote, findQuotes, type WalletKey } from './find-quotes.ts';

export interface EhashWallet {
  /** Quotes of the wallet's key, oldest first. */
  quotes(onlyMintable?: boolean): Promise<EhashQuote[]>;
  /** Mints what a PAID quote still gives, proves the key (NUT-20), and checks every DLEQ proof. */
  mint(quote: EhashQuote): Promise<Proof[]>;
  /** Exchanges all proofs for new ones; throws when a new one has no valid DLEQ proof. */
  swap(): Promise<Proof[]>;
  /** Sum of the proofs held. */
  balance(): bigint;
}

/** A stock cashu-ts wallet for unit `hash`; only the lookup by public key is ours. */
export async function openWallet(mintUrl: string, key: WalletKey): Promise<EhashWallet> {
  const wallet = new Wallet(mintUrl, { unit: 'hash' });
  await wallet.loadMint();
  const mintKey = wallet.getMintInfo().pubkey;
  let held: Proof[] = [];

  const verified = (proofs: Proof[]) => {
    for (const proof of proofs) {
      const genuine = hasValidDleq(proof, wallet.keyChain.getKeyset(proof.id), { require: true });
      if (!genuine) throw new Error(`a proof of ${proof.amount.toString()} came without a valid DLEQ proof`);
    }
    return proofs;
  };
  return {
    quotes: (onlyMintable = false) => findQuotes(mintUrl, mintKey, key, onlyMintable),
    mint: async (quote) => {
      const amount = quote.amount_paid - quote.amount_issued;
      const minted = verified(
        await wallet.mintProofs('ehash', amount, { quote: quote.quote }, { privkey: toHex(key.secret) }),
      );
      held.push(...minted);
      return minted;
    },
    swap: async () => {
      held = verified(await wallet.receive(held));
      return held;
    },
    balance: () => held.reduce((sum, proof) => sum + BigInt(proof.amount.toString()), 0n),
  };
}
