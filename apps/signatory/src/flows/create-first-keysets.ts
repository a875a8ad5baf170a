import type { Bytes } from '@assay/shared/kernel/bytes';
import { later, type UnixMs } from '@assay/shared/kernel/clock';
import { deriveKeyset, type Unit } from '../domain/keyset.ts';
import { denominations, faultOfTerms, type UnitRecord } from '../domain/unit.ts';
import type { UnitStore } from '../ports.ts';

const DAY_MS = 86_400_000;

/** How the first keyset of a unit is made; later ones come from rotations. */
export interface UnitSettings {
  readonly unit: Unit;
  readonly inputFeePpk: bigint;
  /** Life of the keyset; undefined = no final expiry. */
  readonly finalExpiryDays: number | undefined;
  /** Denominations are 2^0..2^highestPower. */
  readonly highestPower: number;
}

/**
 * Gives each configured unit that the database does not know its first keyset. Of instances that start together one
 * wins; what exists is never changed.
 * @throws Error when the settings would make a keyset that nobody may have, or when the keyset belongs to another unit.
 */
export async function createFirstKeysets(
  units: UnitStore,
  master: Bytes,
  settings: readonly UnitSettings[],
  now: UnixMs,
): Promise<void> {
  const known = new Set((await units.all()).map(({ unit }) => unit));
  for (const setting of settings.filter(({ unit }) => !known.has(unit))) {
    const outcome = await units.insert(firstRecord(master, setting, now));
    if (outcome === 'id-taken') throw new Error(`the first keyset of unit ${setting.unit} exists in another unit`);
  }
}

function firstRecord(master: Bytes, settings: UnitSettings, now: UnixMs): UnitRecord {
  const { unit, inputFeePpk, finalExpiryDays, highestPower } = settings;
  const finalExpiry = finalExpiryDays === undefined ? undefined : expirySeconds(now, finalExpiryDays);
  const terms = { index: 0, amounts: denominations(highestPower), inputFeePpk, finalExpiry };
  const fault = faultOfTerms(unit, terms, now);
  if (fault !== undefined) throw new Error(`the settings of unit ${unit} are refused: ${fault}`);
  const { id } = deriveKeyset(master, unit, terms);
  return { unit, keysets: [{ ...terms, id, requestId: undefined, createdAt: now }], activeIndex: 0, version: 1 };
}

function expirySeconds(now: UnixMs, days: number): bigint {
  return BigInt(Math.floor(later(now, days * DAY_MS) / 1000));
}
