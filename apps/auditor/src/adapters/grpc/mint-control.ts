import { IssuanceLevel } from '@assay/proto/gen/assay/mint/v1/events';
import { MintServiceService } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { CALLER_HEADER } from '@assay/shared/runtime/grpc-definition';
import type { TlsFiles } from '@assay/shared/runtime/tls';
import type { MintControl } from '../../upkeep-ports.ts';

const DEADLINE_MS = 10_000;

/** Stops the mint when a breach demands it. */
export function mintControl(url: string, options: { tls: TlsFiles | undefined }): MintControl & { close(): void } {
  const client = grpcClient(MintServiceService, {
    url,
    deadlineMs: DEADLINE_MS,
    tls: options.tls,
    metadata: { [CALLER_HEADER]: 'auditor' },
  });
  return {
    pause: async ({ id, severity, rule, scope, openings }) => {
      await client.pauseIssuance({
        // The same opening of a breach asks under the same id, however often it has to.
        requestId: toHex(sha256(utf8(openings === 1 ? id : `${id}#${openings}`))),
        level: severity === 'STOP_ALL' ? IssuanceLevel.ISSUANCE_LEVEL_ALL : IssuanceLevel.ISSUANCE_LEVEL_ISSUANCE,
        reason: `breach of ${rule} by ${scope}`,
        breachId: id,
      });
    },
    close: () => client.close(),
  };
}
