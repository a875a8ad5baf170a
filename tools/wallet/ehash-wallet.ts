import { setTimeout as wait } from 'node:timers/promises';
import { hasValidDleq, MintOperationError, NetworkError, HttpResponseError, type Proof, Wallet } from '@cashu/cashu-ts';
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

const RETRY_MS = 250;
const RETRY_FOR_MS = 60_000;
/** 03-mint section 14: the mint's signatory or database is away for now. */
const TEMPORARILY_UNAVAILABLE = 51_002;

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
      const prepared = await wallet.prepareMint(
        'ehash',
        amount,
        { quote: quote.quote },
        { privkey: toHex(key.secret) },
      );
      const minted = verified(await untilAnswered(() => wallet.completeMint(prepared)));
      held.push(...minted);
      return minted;
    },
    swap: async () => {
      const prepared = await wallet.prepareSwapToReceive(held);
      const { keep } = await untilAnswered(() => wallet.completeSwap(prepared));
      held = verified(keep);
      return held;
    },
    balance: () => held.reduce((sum, proof) => sum + BigInt(proof.amount.toString()), 0n),
  };
}

/** The very same request again while no answer came: the mint answers a committed one from its record (NUT-19). */
async function untilAnswered<T>(send: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + RETRY_FOR_MS;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!mayBeRepeated(error) || performance.now() > deadline) throw error;
      await wait(RETRY_MS);
    }
  }
}

function mayBeRepeated(error: unknown): boolean {
  if (error instanceof MintOperationError) return error.code === TEMPORARILY_UNAVAILABLE;
  return error instanceof NetworkError || (error instanceof HttpResponseError && error.status >= 500);
}
