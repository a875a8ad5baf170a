import { type Bytes, bigintToBytes, concat, fromHex, lp, parseHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import type { Quote } from './quote.ts';
import type { BlindedOutput } from './request.ts';

/** `v1` is what current wallets sign; `legacy` is the text of the published NUT. Both are needed (03-mint section 6.2). */
export type Nut20Version = 'v1' | 'legacy';

type Outputs = readonly BlindedOutput[];

/** All quotes of a batch sign the same outputs: a hundred times a thousand of them would be a third of a second of work. */
function encodedOnce(encode: (outputs: Outputs) => Bytes): (outputs: Outputs) => Bytes {
  const known = new WeakMap<Outputs, Bytes>();
  return (outputs) => {
    const bytes = known.get(outputs) ?? encode(outputs);
    known.set(outputs, bytes);
    return bytes;
  };
}

const v1Outputs = encodedOnce((outputs) =>
  concat(...outputs.flatMap(({ amount, b }) => [lp(minimalBigEndian(amount)), lp(fromHex(b))])),
);
const legacyOutputs = encodedOnce((outputs) => concat(...outputs.map(({ b }) => utf8(b))));

/** The 32 bytes that a locked quote's key signs. */
export const NUT20_MESSAGES = {
  v1: (quoteId, outputs) => sha256(utf8('Cashu_MintQuoteSig_v1'), lp(quoteId), v1Outputs(outputs)),
  legacy: (quoteId, outputs) => sha256(utf8(quoteId), legacyOutputs(outputs)),
} as const satisfies Record<Nut20Version, (quoteId: string, outputs: readonly BlindedOutput[]) => Bytes>;

/**
 * Which message the signature (hex of either case) covers, or undefined when it covers neither. The quote's key is
 * compressed hex; one that is no point has signed nothing.
 */
export function nut20Version(
  { outputs, signature }: { readonly outputs: readonly BlindedOutput[]; readonly signature: string },
  { quote: quoteId, pubkey }: Pick<Quote, 'quote' | 'pubkey'>,
): Nut20Version | undefined {
  const bytes = parseHex(signature, 64);
  const key = parseHex(pubkey ?? '', 33);
  if (!bytes.ok || !key.ok) return undefined;
  const xOnly = key.value.subarray(1);
  const signs = (version: Nut20Version) => schnorrVerify(bytes.value, NUT20_MESSAGES[version](quoteId, outputs), xOnly);
  return signs('v1') ? 'v1' : signs('legacy') ? 'legacy' : undefined;
}

/** Big-endian without leading zero bytes; zero is empty. */
function minimalBigEndian(value: bigint): Bytes {
  const digits = value.toString(16);
  return value === 0n ? concat() : bigintToBytes(value, Math.ceil(digits.length / 2));
}
