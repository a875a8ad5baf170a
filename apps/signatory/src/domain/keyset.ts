import { assert } from '@assay/shared/kernel/assert';
import type { Brand } from '@assay/shared/kernel/brand';
import { type Bytes, concat, u32, u64, u8, utf8 } from '@assay/shared/kernel/bytes';
import { keysetIdV2 } from '@assay/shared/kernel/cashu-curve';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import secp256k1 from 'secp256k1';
import { firstScalar } from './scalar.ts';

const KEYSET_TAG = utf8('Assay_Keyset_v1');
const SIGNATORY_TAG = utf8('Assay_Signatory_v1');

/** Lower-case name of a unit, `[a-z0-9_-]{1,32}`: units compare case-insensitively. */
export type Unit = Brand<string, 'Unit'>;

export function parseUnit(text: string): Result<Unit, 'bad-unit'> {
  const lower = text.toLowerCase();
  return /^[a-z0-9_-]{1,32}$/.test(lower) ? ok(lower as Unit) : err('bad-unit');
}

/** What a keyset is made from, besides the master secret and its unit. */
export interface KeysetTerms {
  /** 0 for the first keyset of a unit, then 1 more at every rotation. */
  readonly index: number;
  /** Denominations, ascending. */
  readonly amounts: readonly bigint[];
  readonly inputFeePpk: bigint;
  /** Unix seconds; undefined = never. */
  readonly finalExpiry: bigint | undefined;
}

export interface KeyPair {
  /** 32 bytes. */
  readonly secretKey: Bytes;
  /** Compressed, 33 bytes. */
  readonly publicKey: Bytes;
  /** Uncompressed, 65 bytes: DLEQ hashes this form, and converting it for each signature costs 5 % of the signature. */
  readonly publicKeyUncompressed: Bytes;
}

/** A keyset with its private keys: never leaves this process. */
export interface Keyset extends KeysetTerms {
  /** Version 2: 66 lower-case hex digits. */
  readonly id: string;
  readonly unit: Unit;
  readonly keys: ReadonlyMap<bigint, KeyPair>;
}

export function deriveKeyset(master: Bytes, unit: Unit, terms: KeysetTerms): Keyset {
  const keys = new Map(terms.amounts.map((amount) => [amount, deriveKey(master, unit, terms.index, amount)] as const));
  assert(keys.size === terms.amounts.length && keys.size > 0, 'a keyset has at least one amount and none twice');
  const publicKeys = new Map([...keys].map(([amount, key]) => [amount, key.publicKey] as const));
  const id = keysetIdV2({ keys: publicKeys, unit, inputFeePpk: terms.inputFeePpk, finalExpiry: terms.finalExpiry });
  return { ...terms, id, unit, keys };
}

/** The public key (33 bytes) by which this signatory is known; nothing is ever signed with it. */
export function signatoryPublicKey(master: Bytes): Bytes {
  return secp256k1.publicKeyCreate(firstScalar(master, SIGNATORY_TAG), true);
}

function deriveKey(master: Bytes, unit: Unit, index: number, amount: bigint): KeyPair {
  const name = utf8(unit);
  const secretKey = firstScalar(master, concat(KEYSET_TAG, u8(name.length), name, u32(index), u64(amount)));
  return {
    secretKey,
    publicKey: secp256k1.publicKeyCreate(secretKey, true),
    publicKeyUncompressed: secp256k1.publicKeyCreate(secretKey, false),
  };
}
