import { type CurrencyUnit, CurrencyUnitType, type KeySet } from '@assay/proto/gen/signatory/signatory';
import { assert } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { isKeysetIdOf } from '@assay/shared/kernel/cashu-curve';
import { type Amount, amount } from '@assay/shared/kernel/money';
import { isPublicKey } from '@assay/shared/kernel/schnorr';
import type { Keyset } from '../../domain/keyset.ts';
import { parseUnit, type Unit } from '../../domain/unit.ts';

const UNITS: Partial<Record<CurrencyUnitType, string>> = {
  [CurrencyUnitType.CURRENCY_UNIT_TYPE_SAT]: 'sat',
  [CurrencyUnitType.CURRENCY_UNIT_TYPE_MSAT]: 'msat',
  [CurrencyUnitType.CURRENCY_UNIT_TYPE_USD]: 'usd',
  [CurrencyUnitType.CURRENCY_UNIT_TYPE_EUR]: 'eur',
  [CurrencyUnitType.CURRENCY_UNIT_TYPE_AUTH]: 'auth',
};

/**
 * A keyset as the signatory tells it.
 * @throws AssertionFailure when a key is no point, or when its id does not follow from its content.
 */
export function parseKeyset(wire: KeySet): Keyset {
  const content = new Map([...(wire.keys?.keys ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)));
  const id = toHex(wire.id);
  const unit = parseWireUnit(wire);
  const finalExpiryS = wire.finalExpiry === 0n ? undefined : wire.finalExpiry;
  assert(content.size > 0 && [...content.values()].every(isPublicKey), `keyset ${id} has a key that is no point`);
  const terms = { keys: content, unit, inputFeePpk: wire.inputFeePpk, finalExpiry: finalExpiryS };
  assert(isKeysetIdOf(id, terms), `keyset ${id} does not follow from its content`);
  const keys = new Map<Amount, string>([...content].map(([value, key]) => [amount(value), toHex(key)]));
  return { id, unit, active: wire.active, inputFeePpk: wire.inputFeePpk, finalExpiryS, keys };
}

const NUMBERED = [
  CurrencyUnitType.CURRENCY_UNIT_TYPE_SAT,
  CurrencyUnitType.CURRENCY_UNIT_TYPE_MSAT,
  CurrencyUnitType.CURRENCY_UNIT_TYPE_USD,
  CurrencyUnitType.CURRENCY_UNIT_TYPE_EUR,
  CurrencyUnitType.CURRENCY_UNIT_TYPE_AUTH,
];

/** Units that the contract numbers are told by their number, as cdk does. */
export function renderWireUnit(unit: Unit): CurrencyUnit {
  const value = NUMBERED.find((each) => UNITS[each] === unit);
  return { currencyUnit: value === undefined ? { $case: 'customUnit', value: unit } : { $case: 'unit', value } };
}

function parseWireUnit({ unit }: KeySet): Unit {
  const given = unit?.currencyUnit;
  const parsed = parseUnit((given?.$case === 'unit' ? UNITS[given.value] : given?.value) ?? '');
  assert(parsed.ok, 'keyset without a unit');
  return parsed.value;
}
