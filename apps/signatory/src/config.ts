import type { Bytes } from '@assay/shared/kernel/bytes';
import { parseHex } from '@assay/shared/kernel/bytes';
import { INT64_MAX } from '@assay/shared/kernel/money';
import { bigInteger, defineConfig, integer, json } from '@assay/shared/runtime/config';
import { StartError } from '@assay/shared/runtime/start-error';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseUnit } from './domain/keyset.ts';
import { weaknessOf } from './domain/master-secret.ts';
import { HIGHEST_POWER, HIGHEST_SAT_POWER, highestPowerOf } from './domain/unit.ts';
import type { UnitSettings } from './flows/create-first-keysets.ts';

const unitSettings = z.strictObject({
  inputFeePpk: z.int().min(0).max(1_000_000).default(0),
  finalExpiryDays: z.int().min(1).max(36_500).nullable().default(null),
  highestPower: z.int().min(0).max(HIGHEST_POWER).optional(),
});
const unitsByName = z.record(
  z.string().refine((name) => parseUnit(name).ok, 'a unit is 1 to 32 of a-z, 0-9, _ and -'),
  unitSettings,
);

export const CONFIG = defineConfig('SIGNATORY', {
  ASSAY_LISTEN_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address that the service listens on; this one only on its own machine unless told otherwise'),
  SIGNATORY_PORT: integer({ min: 0, max: 65_535 })
    .default(15_060)
    .describe('gRPC; metrics and health 1000 above; 0 = any free'),
  SIGNATORY_MONGODB_URI: z.string().optional().describe('its own MongoDB; else `MONGODB_URI`'),
  SIGNATORY_MONGODB_DATABASE: z.string().default('signatory').describe('its own database'),
  SIGNATORY_MASTER_FILE: z.string().describe('file with the master secret: at least 64 hex digits'),
  SIGNATORY_UNITS: json(unitsByName)
    .default({
      hash: { inputFeePpk: 0, finalExpiryDays: 365, highestPower: HIGHEST_POWER },
      sat: { inputFeePpk: 100, finalExpiryDays: null, highestPower: HIGHEST_SAT_POWER },
    })
    .describe('units and their first keysets; what the database already has is never changed'),
  SIGNATORY_MAX_ISSUE_PER_MIN: bigInteger({ min: 0n, max: INT64_MAX })
    .default(0n)
    .describe('most that one instance signs a minute, in units of each unit; 0 = no limit'),
  SIGNATORY_RETIRED_GRACE_S: integer({ min: 0, max: 31_536_000 })
    .default(2_592_000)
    .describe('how long a retired keyset may still sign, for the change of melts'),
  SIGNATORY_WORKERS: integer({ min: 0, max: 64 }).default(1).describe('signing threads; 0 = sign on the main thread'),
});

export type SignatoryConfig = ReturnType<typeof CONFIG.load>;

/**
 * The master secret of the file.
 * @throws StartError when the file holds none, or one that may only be used in tests
 */
export function masterSecretOf(config: SignatoryConfig): Bytes {
  const parsed = parseHex(readMaster(config.SIGNATORY_MASTER_FILE).trim());
  if (!parsed.ok || parsed.value.length === 0) throw unusable('the file does not hold hex digits only');
  const weakness = weaknessOf(parsed.value);
  if (weakness !== undefined && config.NODE_ENV === 'production') throw unusable(`the secret is ${weakness}`);
  return parsed.value;
}

export function unitSettingsOf(config: SignatoryConfig): UnitSettings[] {
  return Object.entries(config.SIGNATORY_UNITS).map(([name, { inputFeePpk, finalExpiryDays, highestPower }]) => {
    const parsed = parseUnit(name);
    if (!parsed.ok) throw new Error(`not a unit: ${name}`);
    const unit = parsed.value;
    const life = finalExpiryDays ?? undefined;
    const power = highestPower ?? highestPowerOf(unit);
    return { unit, inputFeePpk: BigInt(inputFeePpk), finalExpiryDays: life, highestPower: power };
  });
}

function readMaster(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unusable('the file cannot be read', cause);
  }
}

function unusable(why: string, cause?: unknown): StartError {
  const remedy = 'point SIGNATORY_MASTER_FILE to a file with 64 random hex digits (openssl rand -hex 32)';
  return new StartError({ what: 'the master secret cannot be used', why, remedy }, cause);
}
