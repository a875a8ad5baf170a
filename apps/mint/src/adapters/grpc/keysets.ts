import {
  MintAdminServiceService,
  type RotateKeysetRequest,
  type RotateKeysetResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { Reason } from '@assay/proto/reasons';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { INT64_MAX } from '@assay/shared/kernel/money';
import type { AdminLog } from '@assay/shared/runtime/admin-log';
import { type CallContext, GrpcFault } from '@assay/shared/runtime/grpc-server';
import { GrpcCallError } from '@assay/shared/runtime/grpc-status';
import type { RotationTerms } from '../../domain/rotation.ts';
import { rotateKeyset, type RotatePorts, type RotationRefusal } from '../../flows/rotate-keyset.ts';
import { logged, personOf } from './commands.ts';
import { parseRequestUnit } from './request-unit.ts';
import { renderKeyset } from './supply-message.ts';

export interface RotateKeysetPorts extends RotatePorts {
  readonly log: AdminLog;
}

/** 1,000 units for each input is no fee any more. */
const FEE_PPK_MAX = 1_000_000n;
const AMOUNTS_MAX = 64;

const REFUSALS = {
  FINAL_EXPIRY_TOO_SOON: ['FINAL_EXPIRY_TOO_SOON', 'final_expiry is over, or of HASH not 90 days ahead'],
  AMOUNTS_INVALID: ['AMOUNTS_INVALID', 'amounts are powers of two, ascending, up to 2^52 (sat: 2^31)'],
  UNIT_UNKNOWN: ['REQUEST_INVALID', 'the unit has no keyset'],
  COULD_NOT_ROTATE: ['CONFLICT', 'the signatory did not rotate; look at the keysets and ask again'],
} as const satisfies Record<RotationRefusal, readonly [Reason, string]>;

/** `MintAdminService.RotateKeyset`. */
export function rotate(
  ports: RotateKeysetPorts,
  request: RotateKeysetRequest,
  call: CallContext,
): Promise<RotateKeysetResponse> {
  const terms = parseTerms(request);
  const rotationId = rotationIdOf(request, call);
  return logged(ports.log, MintAdminServiceService.rotateKeyset, request, call, async () => {
    const rotated = await rotateKeyset(ports, rotationId, terms).catch(unavailable);
    if (!rotated.ok) throw refused(rotated.error);
    return { keyset: renderKeyset(rotated.value) };
  });
}

/** The signatory's name of the command: the same request of the same person is one rotation. */
function rotationIdOf({ requestId }: RotateKeysetRequest, call: CallContext): string {
  return `rotation-${toHex(sha256(utf8(`${personOf(call)}/${requestId}`))).slice(0, 40)}`;
}

function refused(refusal: RotationRefusal): GrpcFault {
  const [reason, message] = REFUSALS[refusal];
  return new GrpcFault(reason, message);
}

function unavailable(error: unknown): never {
  if (!(error instanceof GrpcCallError)) throw error;
  throw new GrpcFault(
    'SIGNATORY_UNAVAILABLE',
    'a rotation that was noted is carried out when the signatory answers; ask again',
  );
}

function parseTerms(request: RotateKeysetRequest): RotationTerms {
  const { inputFeePpk, finalExpiry, amounts } = request;
  if (inputFeePpk > FEE_PPK_MAX) throw new GrpcFault('REQUEST_INVALID', `input_fee_ppk is more than ${FEE_PPK_MAX}`);
  if (amounts.length > AMOUNTS_MAX) throw new GrpcFault('AMOUNTS_INVALID', `more than ${AMOUNTS_MAX} amounts`);
  if (finalExpiry > INT64_MAX / 1_000n) throw new GrpcFault('REQUEST_INVALID', 'final_expiry is beyond the calendar');
  const finalExpiryS = finalExpiry === 0n ? undefined : finalExpiry;
  return { unit: parseRequestUnit(request.unit), inputFeePpk, finalExpiryS, amounts };
}
