import type { SignatoryService } from '@assay/proto/gen/signatory/signatory';
import { present } from '@assay/shared/kernel/assert';
import { err, ok } from '@assay/shared/kernel/result';
import type { PromisedClient } from '@assay/shared/runtime/grpc-client';
import type { KeysetRotator } from '../../fund-ports.ts';
import { parseKeyset, renderWireUnit } from './keyset-wire.ts';
import { KeysetVersion } from '@assay/proto/gen/signatory/signatory';

/** Rotations at the signatory, which makes one keyset for one `x-request-id`. */
export function grpcKeysetRotator(client: PromisedClient<typeof SignatoryService>): KeysetRotator {
  return {
    active: async (unit) => {
      const { error, keysets } = await client.keysets({});
      if (error !== undefined) throw new Error(`the signatory did not tell its keysets: ${error.detail}`);
      const known = (keysets?.keysets ?? []).map(parseKeyset);
      return known.find((keyset) => keyset.unit === unit && keyset.active)?.id;
    },
    rotate: async ({ rotationId, unit, inputFeePpk, finalExpiryS, amounts }) => {
      const request = {
        ...{ unit: renderWireUnit(unit), inputFeePpk, amounts: [...amounts], finalExpiry: finalExpiryS },
        keysetVersion: KeysetVersion.KEYSET_VERSION_V2,
      };
      const { error, keyset } = await client.rotateKeyset(request, { metadata: { 'x-request-id': rotationId } });
      return error === undefined ? ok(parseKeyset(present(keyset, 'keyset of a rotation'))) : err(error.detail);
    },
  };
}
