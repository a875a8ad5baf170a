import {
  MintAdminServiceService,
  type ResumeIssuanceRequest,
  type ResumeIssuanceResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import {
  type CallContext,
  GrpcFault,
  GrpcStatusFault,
  implement,
  type Implementation,
} from '@assay/shared/runtime/grpc-server';
import { resumeIssuance } from '../../flows/resume-issuance.ts';
import type { PausePorts } from '../../flows/pause-issuance.ts';
import { logged } from './commands.ts';
import { renderControl } from './control-message.ts';
import { type DeadLetterPorts, dropLetter, getLetter, listLetters, replayLetters } from './dead-letters.ts';
import { approveProposal, type GrantPorts, listGrants, proposeGrant } from './grants.ts';

export interface AdminServicePorts extends DeadLetterPorts, GrantPorts {
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
    rotateKeyset: notServed,
    getOperation: notServed,
  });
}

const notServed = () => Promise.reject(new GrpcStatusFault('UNIMPLEMENTED', 'not served yet'));

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
