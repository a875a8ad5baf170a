import {
  type GetOperationRequest,
  type GetOperationResponse,
  MintAdminServiceService,
  type ResumeIssuanceRequest,
  type ResumeIssuanceResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { type CallContext, GrpcFault, implement, type Implementation } from '@assay/shared/runtime/grpc-server';
import { getOperation } from '../../flows/get-operation.ts';
import type { Melts } from '../../melt-ports.ts';
import type { Operations } from '../../ports.ts';
import { resumeIssuance } from '../../flows/resume-issuance.ts';
import type { PausePorts } from '../../flows/pause-issuance.ts';
import { logged } from './commands.ts';
import { renderControl } from './control-message.ts';
import { type DeadLetterPorts, dropLetter, getLetter, listLetters, replayLetters } from './dead-letters.ts';
import { type RotateKeysetPorts, rotate } from './keysets.ts';
import { renderCommitted, renderMelt } from './operation-message.ts';
import { approveProposal, type GrantPorts, listGrants, proposeGrant } from './grants.ts';

export interface AdminServicePorts extends DeadLetterPorts, GrantPorts, RotateKeysetPorts {
  readonly operations: Pick<Operations, 'find'>;
  readonly melts: Pick<Melts, 'find'>;
  readonly pause: PausePorts;
}

/** `assay.mint.v1.MintAdminService`: commands of operators, each in the hash-chained admin log. */
export function mintAdminService(ports: AdminServicePorts): Implementation {
  return implement(MintAdminServiceService, {
    resumeIssuance: (request, call) => resume(ports, request, call),
    listDeadLetters: (request) => listLetters(ports, request),
    getDeadLetter: (request) => getLetter(ports, request),
    replayDeadLetters: (request, call) => replayLetters(ports, request, call),
    dropDeadLetter: (request, call) => dropLetter(ports, request, call),
    grantFund: (request, call) => proposeGrant(ports, request, call),
    approveGrant: (request, call) => approveProposal(ports, request, call),
    listGrants: (request) => listGrants(ports, request),
    rotateKeyset: (request, call) => rotate(ports, request, call),
    getOperation: (request) => operation(ports, request),
  });
}

function resume(
  { pause, log }: AdminServicePorts,
  request: ResumeIssuanceRequest,
  call: CallContext,
): Promise<ResumeIssuanceResponse> {
  return logged(log, MintAdminServiceService.resumeIssuance, request, call, async () => {
    const resumed = await resumeIssuance(pause, { reason: request.reason, by: call.actor });
    if (!resumed.ok) throw new GrpcFault(resumed.error, 'a breach is open: acknowledge it at the auditor first');
    return { control: renderControl(resumed.value) };
  });
}

async function operation(ports: AdminServicePorts, { opId }: GetOperationRequest): Promise<GetOperationResponse> {
  const found = await getOperation(ports, opId.toLowerCase());
  if (found === undefined) throw new GrpcFault('OPERATION_UNKNOWN', 'there is no such operation');
  return { operation: found.is === 'melt' ? renderMelt(found.melt) : renderCommitted(found.operation) };
}
