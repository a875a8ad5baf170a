import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { keysetIdV2 } from '@assay/shared/kernel/cashu-curve';
import { sha256 } from '@assay/shared/kernel/hash';
import { type Amount, amount } from '@assay/shared/kernel/money';
import { err, ok } from '@assay/shared/kernel/result';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import secp256k1 from 'secp256k1';
import type { Keyset } from '../src/domain/keyset.ts';
import { pointHex, pointOfSecret } from '../src/domain/side-checks.ts';
import { HASH_UNIT, type Unit } from '../src/domain/unit.ts';
import type { Keysets, Signatory } from '../src/ports.ts';

const DENOMINATIONS = Array.from({ length: 53 }, (_, exponent) => amount(2n ** BigInt(exponent)));

export interface KeysetTerms {
  readonly name: string;
  readonly unit?: Unit;
  readonly active?: boolean;
  readonly inputFeePpk?: bigint;
  readonly finalExpiryS?: bigint;
}

/** A keyset whose secrets follow from its name. */
export function aKeyset({
  name,
  unit = HASH_UNIT,
  active = true,
  inputFeePpk = 0n,
  finalExpiryS,
}: KeysetTerms): Keyset {
  const points = new Map<Amount, Uint8Array>(DENOMINATIONS.map((value) => [value, publicKeyOf(secretOf(name, value))]));
  const keys = new Map<Amount, string>([...points].map(([value, point]) => [value, toHex(point)]));
  const id = keysetIdV2({ keys: points, unit, inputFeePpk, finalExpiry: finalExpiryS });
  names.set(id, name);
  return { id, unit, active, inputFeePpk, finalExpiryS, keys };
}

const names = new Map<string, string>();

function secretOf(name: string, value: bigint): Uint8Array {
  return sha256(utf8(`${name}/${value}`));
}

export function memoryKeysets(keysets: readonly Keyset[]): Keysets {
  const byId = new Map(keysets.map((keyset) => [keyset.id, keyset]));
  return { get: (id) => byId.get(id), all: () => keysets, isFresh: () => true };
}

/** Signs with the secrets of `aKeyset`; `e` and `s` are stand-ins that follow from the output. */
export function memorySignatory({ get }: Keysets): Signatory {
  const scaled = (point: string, keyset: string, value: bigint) =>
    pointHex(secp256k1.publicKeyTweakMul(fromHex(point), secretOf(names.get(keyset) ?? '', value), true));
  return {
    verifyProofs: async (proofs) =>
      proofs.every(({ keyset, amount: value, secret, c }) => scaled(pointOfSecret(secret), keyset, value) === c),
    blindSign: async (outputs) => {
      if (outputs.some(({ keyset }) => get(keyset)?.active !== true)) return err('keyset-inactive');
      return ok(
        outputs.map(({ b, keyset, amount: value }) => {
          const c = scaled(b, keyset, value);
          return { b, keyset, amount: value, c, e: toHex(sha256(utf8(`e${c}`))), s: toHex(sha256(utf8(`s${c}`))) };
        }),
      );
    },
  };
}
