import type { Bytes } from '@assay/shared/kernel/bytes';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import {
  type BlindedMessage as WireMessage,
  type BlindSignature as WireSignature,
  type CurrencyUnit,
  CurrencyUnitType,
  type Error as WireError,
  ErrorCode,
  type KeySet,
  KeysetVersion,
  type Proof,
  type RotationRequest,
  type SignatoryKeysets,
} from '@assay/proto/gen/signatory/signatory';
import type { BlindSignature } from '../../domain/blind-signature.ts';
import { parseUnit, type Unit } from '../../domain/keyset.ts';
import { type Refusal, refusal, type RefusalCode } from '../../domain/refusal.ts';
import type { BlindedMessage, LiveKeyset, ProofToVerify } from '../../domain/signing-request.ts';
import type { RotationTerms } from '../../domain/unit.ts';
import type { KeysetSnapshot } from '../../flows/keyring.ts';

const ERROR_CODES = {
  'amount-outside-limit': ErrorCode.ERROR_CODE_AMOUNT_OUTSIDE_LIMIT,
  'duplicate-inputs': ErrorCode.ERROR_CODE_DUPLICATE_INPUTS_PROVIDED,
  'duplicate-outputs': ErrorCode.ERROR_CODE_DUPLICATE_OUTPUTS_PROVIDED,
  'keyset-not-known': ErrorCode.ERROR_CODE_KEYSET_NOT_KNOWN,
  'keyset-inactive': ErrorCode.ERROR_CODE_KEYSET_INACTIVE,
  'minting-disabled': ErrorCode.ERROR_CODE_MINTING_DISABLED,
  'could-not-rotate': ErrorCode.ERROR_CODE_COULD_NOT_ROTATE_KEYSET,
  'invalid-proof': ErrorCode.ERROR_CODE_INVALID_PROOF,
  'invalid-blind-message': ErrorCode.ERROR_CODE_INVALID_BLIND_MESSAGE,
  'unit-not-supported': ErrorCode.ERROR_CODE_UNIT_NOT_SUPPORTED,
} as const satisfies Record<RefusalCode, ErrorCode>;

/** Units that the contract numbers; every other one travels as text. */
const NUMBERED_UNITS = {
  sat: CurrencyUnitType.CURRENCY_UNIT_TYPE_SAT,
  msat: CurrencyUnitType.CURRENCY_UNIT_TYPE_MSAT,
  usd: CurrencyUnitType.CURRENCY_UNIT_TYPE_USD,
  eur: CurrencyUnitType.CURRENCY_UNIT_TYPE_EUR,
  auth: CurrencyUnitType.CURRENCY_UNIT_TYPE_AUTH,
} as const;

/** Of ids of new keysets; V1 is 00, V2 is 01, and any other number is a version that is not known yet. */
const OFFERED_VERSIONS: ReadonlySet<KeysetVersion> = new Set([
  KeysetVersion.KEYSET_VERSION_UNSPECIFIED,
  KeysetVersion.KEYSET_VERSION_V2,
]);

export function parseMessage({ amount, keysetId, blindedSecret }: WireMessage): BlindedMessage {
  return { amount, keysetId: toHex(keysetId), blindedMessage: blindedSecret };
}

export function parseProof({ amount, keysetId, secret, c }: Proof): ProofToVerify {
  return { amount, keysetId: toHex(keysetId), secret, signature: c };
}

/** @param requestId of the call's metadata */
export function parseRotation(
  request: RotationRequest,
  requestId: string | undefined,
): Result<{ readonly unit: Unit; readonly asked: RotationTerms }, Refusal> {
  const unit = parseCurrencyUnit(request.unit);
  if (!unit.ok) return err(refusal('unit-not-supported', 'the unit is missing or has no name of a unit'));
  if (!OFFERED_VERSIONS.has(request.keysetVersion)) {
    return err(refusal('could-not-rotate', 'new keysets have ids of version 2'));
  }
  // NUT-02 writes an expiry of 0 like none at all.
  const finalExpiry = request.finalExpiry === 0n ? undefined : request.finalExpiry;
  const { amounts, inputFeePpk } = request;
  return ok({ unit: unit.value, asked: { amounts, inputFeePpk, finalExpiry, requestId } });
}

export function renderSignature(message: WireMessage, { blindSignature, e, s }: BlindSignature): WireSignature {
  const dleq = { e: buffer(e), s: buffer(s) };
  return { amount: message.amount, keysetId: message.keysetId, blindedSecret: buffer(blindSignature), dleq };
}

export function renderRefusal({ code, detail }: Refusal): WireError {
  return { code: ERROR_CODES[code], detail };
}

export function renderSnapshot({ publicKey, keysets }: KeysetSnapshot): SignatoryKeysets {
  return { pubkey: buffer(publicKey), keysets: keysets.map(renderKeyset) };
}

/** `version` is the number of the keyset within its unit, as cdk uses it. */
export function renderKeyset({ keyset, active }: LiveKeyset): KeySet {
  const { id, unit, inputFeePpk, finalExpiry, index } = keyset;
  const keys = new Map([...keyset.keys].map(([amount, { publicKey }]) => [amount, buffer(publicKey)] as const));
  return {
    id: buffer(fromHex(id)),
    unit: renderUnit(unit),
    active,
    inputFeePpk,
    keys: { keys },
    finalExpiry,
    version: index,
    issuerVersion: undefined,
  };
}

function parseCurrencyUnit(wire: CurrencyUnit | undefined): Result<Unit, 'bad-unit'> {
  const chosen = wire?.currencyUnit;
  if (chosen?.$case === 'customUnit') return parseUnit(chosen.value);
  const numbered = Object.entries(NUMBERED_UNITS).find(([, number]) => number === chosen?.value);
  return parseUnit(numbered?.[0] ?? '');
}

function renderUnit(unit: Unit): CurrencyUnit {
  const numbered = Object.entries(NUMBERED_UNITS).find(([name]) => name === unit);
  if (numbered === undefined) return { currencyUnit: { $case: 'customUnit', value: unit } };
  return { currencyUnit: { $case: 'unit', value: numbered[1] } };
}

function buffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
