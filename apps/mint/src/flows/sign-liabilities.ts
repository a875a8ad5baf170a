import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Bytes } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { schnorrSign } from '@assay/shared/kernel/schnorr';
import { isOwed, type Liabilities, liabilitiesHash } from '../domain/liabilities.ts';
import { inSpan } from '../telemetry.ts';
import { getSupply, type SupplyPorts } from './get-supply.ts';

export interface LiabilitiesPorts extends SupplyPorts {
  /** Secret of the key of NUT-06. */
  readonly identitySecret: Bytes;
}

/**
 * The mint's BIP-340 signature over what the auditor says a keyset owed when a period ended, if the mint's own final cut
 * has the same sizes and sums.
 */
export function signLiabilities(
  ports: LiabilitiesPorts,
  said: Liabilities,
  end: UnixMs,
): Promise<Result<Bytes, 'CUT_NOT_FINAL' | 'LIABILITIES_DIFFER'>> {
  return inSpan('mint.sign-liabilities', {}, async () => {
    const supply = await getSupply(ports, end);
    if (!supply.ok) return supply;
    if (!isOwed(said, supply.value.keysets.get(said.keysetId))) return err('LIABILITIES_DIFFER');
    return ok(schnorrSign(liabilitiesHash(said, end), ports.identitySecret));
  });
}
