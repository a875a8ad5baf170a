import { type Bytes, parseHex, utf8 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import { type Refusal, refusal } from './refusals.ts';

/** A timestamp may be this far from now, in either direction. */
const TIMESTAMP_TOLERANCE_S = 300n;

/** A request for all quotes of some keys, each proven by a signature (03-mint section 6.3). */
export interface LookupProof {
  readonly pubkeys: readonly LockingKey[];
  /** Hex of either case, one for each key. */
  readonly signatures: readonly string[];
  /** Unix seconds. Without it a captured signature reads that key's quotes for ever. */
  readonly timestampS: bigint | undefined;
}

/** The 32 bytes that the holder of `pubkey` signs to see its quotes. */
function lookupMessage(mintPubkey: string, pubkey: LockingKey, timestampS: bigint | undefined): Bytes {
  return sha256(utf8(`Cashu_MintQuoteLookup_v1${mintPubkey}${pubkey}${timestampS ?? ''}`));
}

/** One bad signature refuses the whole request. */
export function refuseLookup(
  proof: LookupProof,
  mint: { readonly pubkey: string; readonly takesLegacy: boolean; readonly now: UnixMs },
): Refusal | undefined {
  const { pubkeys, signatures, timestampS } = proof;
  if (timestampS === undefined && !mint.takesLegacy) return refusal('quote-signature', 'timestamp not provided');
  if (timestampS !== undefined && !isNear(timestampS, mint.now))
    return refusal('quote-signature', 'timestamp is not near');
  const isProven = (pubkey: LockingKey, index: number) => {
    const signature = parseHex(signatures[index] ?? '', 64);
    const key = parseHex(pubkey, 33);
    const message = lookupMessage(mint.pubkey, pubkey, timestampS);
    return signature.ok && key.ok && schnorrVerify(signature.value, message, key.value.subarray(1));
  };
  return pubkeys.every(isProven) ? undefined : refusal('quote-signature');
}

function isNear(timestampS: bigint, now: UnixMs): boolean {
  const distance = timestampS - BigInt(now) / 1_000n;
  return distance <= TIMESTAMP_TOLERANCE_S && -distance <= TIMESTAMP_TOLERANCE_S;
}
