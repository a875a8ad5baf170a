import { z } from 'zod';
import { sha256 } from '@assay/shared/kernel/hash';
import { schnorrSign } from '@assay/shared/kernel/schnorr';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';

const quote = z.object({
  quote: z.string(),
  method: z.string(),
  request: z.string(),
  unit: z.string(),
  amount: z.number(),
  amount_paid: z.number(),
  amount_issued: z.number(),
  audit_state: z.enum(['PENDING', 'PAID', 'FAILED', 'ISSUED']),
});
const page = z.object({ quotes: z.array(quote), next: z.string().nullable() });

/** A mint quote of method `ehash` as a wallet sees it (03-mint section 3). */
export type EhashQuote = z.infer<typeof quote>;

export interface WalletKey {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** Compressed public key, hex. */
  readonly locking: string;
}

/** All quotes of a locking key, oldest first, by the lookup of 03-mint 6.3 (a draft that no wallet library has yet). */
export async function findQuotes(
  mintUrl: string,
  mintKey: string,
  key: WalletKey,
  onlyMintable: boolean,
): Promise<EhashQuote[]> {
  const message = sha256(utf8(`Cashu_MintQuoteLookup_v1${mintKey}${key.locking}`));
  const request = {
    pubkeys: [key.locking],
    pubkey_signatures: [toHex(schnorrSign(message, key.secret))],
    only_mintable: onlyMintable,
  };
  const found: EhashQuote[] = [];
  let cursor: string | null = null;
  do {
    const response = await fetch(`${mintUrl}/v1/mint/quote/ehash/pubkey`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(cursor === null ? request : { ...request, cursor }),
      signal: AbortSignal.timeout(10_000),
    });
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(`the mint refused the lookup: ${JSON.stringify(body)}`);
    const answer: z.infer<typeof page> = page.parse(body);
    found.push(...answer.quotes);
    cursor = answer.next;
  } while (cursor !== null);
  return found;
}
