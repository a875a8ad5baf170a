import type { Proof, RedeemProofsRequest, RedeemProofsResponse } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { INT64_MAX, amount } from '@assay/shared/kernel/money';
import { type CallContext, GrpcFault } from '@assay/shared/runtime/grpc-server';
import type { Reason } from '@assay/proto/reasons';
import { isKeysetId } from '../../domain/keyset.ts';
import type { RefusalCode } from '../../domain/refusals.ts';
import type { ProofInput } from '../../domain/request.ts';
import { pointHex } from '../../domain/side-checks.ts';
import { redeemProofs, type RedeemPorts, type RedeemRequest } from '../../flows/redeem-proofs.ts';
import { parseToken } from './cashu-token.ts';
import { renderCommitted } from './operation-message.ts';
import { parseRequestUnit } from './request-unit.ts';

const KEY = /^[\x21-\x7e]{1,128}$/;
const POINT_BYTES = 33;

/** What a refusal of the checks is to an internal team; every other one is PROOF_INVALID. */
const REASONS: Partial<Record<RefusalCode, Reason>> = {
  unbalanced: 'TOKEN_AMOUNT_MISMATCH',
  'already-spent': 'PROOF_SPENT',
  'input-pending': 'PROOF_SPENT',
  paused: 'ISSUANCE_PAUSED',
  'bad-request': 'REQUEST_INVALID',
  'too-many-inputs': 'REQUEST_INVALID',
  'concurrent-change': 'CONFLICT',
};

/** `MintService.RedeemProofs`. */
export async function redeem(
  ports: RedeemPorts,
  request: RedeemProofsRequest,
  { caller }: CallContext,
): Promise<RedeemProofsResponse> {
  const redeemed = await redeemProofs(ports, parseRequest(ports, request, caller));
  if (redeemed.ok) return { operation: renderCommitted(redeemed.value) };
  if (redeemed.error === 'REFERENCE_REUSED') {
    throw new GrpcFault('REFERENCE_REUSED', 'the key was used with other content');
  }
  const { code, detail } = redeemed.error;
  throw new GrpcFault(REASONS[code] ?? 'PROOF_INVALID', detail);
}

function parseRequest({ keysets }: RedeemPorts, request: RedeemProofsRequest, caller: string): RedeemRequest {
  const { key, proofs, token } = request;
  if (!KEY.test(key)) throw new GrpcFault('REQUEST_INVALID', 'key: expected 1 to 128 visible characters');
  if ((proofs.length === 0) === (token === '')) {
    throw new GrpcFault('REQUEST_INVALID', 'expected either proofs or a token');
  }
  const unit = parseRequestUnit(request.unit);
  if (token === '') return { caller, key, unit, amount: request.amount, proofs: proofs.map(parseProof) };
  const parsed = parseToken(
    token,
    keysets.all().map(({ id }) => id),
  );
  if (!parsed.ok) throw new GrpcFault('REQUEST_INVALID', 'token: not a cashuA or cashuB token of at most 1 MiB');
  return { caller, key, unit, amount: request.amount, proofs: parsed.value };
}

function parseProof({ keysetId, amount: value, secret, c, witness }: Proof): ProofInput {
  const keyset = keysetId.toLowerCase();
  if (!isKeysetId(keyset)) throw new GrpcFault('REQUEST_INVALID', 'keyset_id: expected 16 or 66 hex digits');
  if (c.length !== POINT_BYTES) throw new GrpcFault('REQUEST_INVALID', 'c: expected 33 bytes');
  if (value > INT64_MAX) throw new GrpcFault('REQUEST_INVALID', 'amount: too large');
  return { amount: amount(value), keyset, secret, c: pointHex(c), witness: witness === '' ? undefined : witness };
}
