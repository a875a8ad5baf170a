import type { Amount } from '@assay/shared/kernel/money';
import type { PointHex } from './operation.ts';

/** UTF-8 bytes of one proof. */
export const SECRET_BYTES_MAX = 2_048;
export const WITNESS_BYTES_MAX = 8_192;

/** A proof that a wallet wants to spend. */
export interface ProofInput {
  readonly amount: Amount;
  /** Lower case; not looked up yet. */
  readonly keyset: string;
  readonly secret: string;
  /** 33 bytes; on the curve only after the `points` row. */
  readonly c: PointHex;
  readonly witness: string | undefined;
}

/** A blinded message that a wallet wants signed. */
export interface BlindedOutput {
  readonly amount: Amount;
  readonly keyset: string;
  readonly b: PointHex;
}

export interface SwapRequest {
  readonly inputs: readonly ProofInput[];
  readonly outputs: readonly BlindedOutput[];
}

export interface MintRequest {
  readonly quoteId: string;
  readonly outputs: readonly BlindedOutput[];
  /** Hex of NUT-20, unverified. */
  readonly signature: string | undefined;
}

/** NUT-29. */
export interface BatchMintRequest {
  readonly quoteIds: readonly string[];
  /** As many as quotes; undefined: of each all that is mintable. */
  readonly amounts: readonly Amount[] | undefined;
  readonly outputs: readonly BlindedOutput[];
  /** As many as quotes, hex; undefined, alone or in the list, for quotes without a key. */
  readonly signatures: readonly (string | undefined)[] | undefined;
}

export interface MeltRequest {
  readonly quoteId: string;
  readonly inputs: readonly ProofInput[];
  /** Blank: their amounts are placeholders of the wallet (NUT-08). */
  readonly outputs: readonly BlindedOutput[];
  /** Answer PENDING at once and pay then. */
  readonly prefersAsync: boolean;
}

/** Configured maxima of one request. */
export interface RequestLimits {
  readonly inputs: number;
  readonly outputs: number;
}
