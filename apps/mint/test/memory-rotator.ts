import { present } from '@assay/shared/kernel/assert';
import { ok } from '@assay/shared/kernel/result';
import type { Keyset } from '../src/domain/keyset.ts';
import type { KeysetRotator } from '../src/fund-ports.ts';
import { aKeyset } from './memory-keys.ts';

/** One new keyset for one rotation id, as the signatory makes them; the first one of each unit is active before. */
export function memoryRotator(first: readonly Keyset[]): KeysetRotator & { rotated(): number } {
  const byId = new Map<string, Keyset>();
  const active = new Map(first.map(({ unit, id }) => [unit, id]));
  return {
    rotated: () => byId.size,
    active: async (unit) => active.get(unit),
    rotate: async ({ rotationId, unit, inputFeePpk, finalExpiryS }) => {
      if (!byId.has(rotationId)) {
        const expiry = finalExpiryS === undefined ? {} : { finalExpiryS };
        const made = aKeyset({ name: `rotated-${unit}-${byId.size}`, unit, inputFeePpk, ...expiry });
        byId.set(rotationId, made);
        active.set(unit, made.id);
      }
      return ok(present(byId.get(rotationId), rotationId));
    },
  };
}
