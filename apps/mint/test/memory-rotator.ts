import { present } from '@assay/shared/kernel/assert';
import { ok } from '@assay/shared/kernel/result';
import type { Keyset } from '../src/domain/keyset.ts';
import type { KeysetRotator } from '../src/fund-ports.ts';
import { aKeyset } from './memory-keys.ts';

/** One new keyset for one rotation id, as the signatory makes them. */
export function memoryRotator(): KeysetRotator & { rotated(): number } {
  const byId = new Map<string, Keyset>();
  return {
    rotated: () => byId.size,
    rotate: async ({ rotationId, unit, inputFeePpk, finalExpiryS }) => {
      const name = `rotated-${byId.size}`;
      if (!byId.has(rotationId)) {
        byId.set(
          rotationId,
          aKeyset({ name, unit, inputFeePpk, ...(finalExpiryS === undefined ? {} : { finalExpiryS }) }),
        );
      }
      return ok(present(byId.get(rotationId), rotationId));
    },
  };
}
