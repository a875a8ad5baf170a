import type { SignLiabilitiesRequest, SignLiabilitiesResponse } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { isKeysetId } from '../../domain/keyset.ts';
import { endsAt } from '../../domain/liabilities.ts';
import { type LiabilitiesPorts, signLiabilities } from '../../flows/sign-liabilities.ts';
import { parseTime } from './request-time.ts';

const HASH_BYTES = 32;

const REFUSALS = {
  CUT_NOT_FINAL: 'operations may still join the period',
  LIABILITIES_DIFFER: 'the cut of the mint has other sizes or sums',
} as const;

/** `MintService.SignLiabilities`. */
export async function sign(ports: LiabilitiesPorts, request: SignLiabilitiesRequest): Promise<SignLiabilitiesResponse> {
  const { keysetId, period, previousGlobalDigest, issuedRoot, spentRoot } = request;
  const end = parseTime(request.endMs);
  const areHashes = [previousGlobalDigest, issuedRoot, spentRoot].every(({ length }) => length === HASH_BYTES);
  if (!areHashes) throw new GrpcFault('REQUEST_INVALID', 'digest and roots have 32 bytes');
  if (!isKeysetId(keysetId)) throw new GrpcFault('REQUEST_INVALID', 'keyset_id: expected 16 or 66 hex digits');
  if (!endsAt(period, end)) throw new GrpcFault('REQUEST_INVALID', 'period p ends at (p + 1) · 86,400,000');
  const signed = await signLiabilities(ports, request, end);
  if (!signed.ok) throw new GrpcFault(signed.error, REFUSALS[signed.error]);
  const pubkey = publicKeyOf(ports.identitySecret);
  return { signature: Buffer.from(signed.value), pubkey: Buffer.from(pubkey) };
}
