import {
  type ApproveGrantRequest,
  type ApproveGrantResponse,
  Grant as WireGrant,
  GrantState as WireState,
  type GrantFundRequest,
  type GrantFundResponse,
  type ListGrantsRequest,
  type ListGrantsResponse,
  MintAdminServiceService,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { amount } from '@assay/shared/kernel/money';
import type { AdminLog } from '@assay/shared/runtime/admin-log';
import { type CallContext, GrpcFault } from '@assay/shared/runtime/grpc-server';
import { cutPage, decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import { isRequestId } from '@assay/shared/runtime/request-id';
import { FUNDED_MAX } from '../../domain/fund.ts';
import type { Grant, GrantState, GrantTerms } from '../../domain/grant.ts';
import { HASH_UNIT, type Unit } from '../../domain/unit.ts';
import { approveGrant, type ApproveGrantPorts } from '../../flows/approve-grant.ts';
import { grantFund } from '../../flows/grant-fund.ts';
import { logged } from './commands.ts';
import { renderFund } from './fund-message.ts';
import { parseRequestUnit } from './request-unit.ts';

export interface GrantPorts extends ApproveGrantPorts {
  readonly log: AdminLog;
  readonly fundedUnits: ReadonlySet<Unit>;
}

const WIRE_STATES = {
  PROPOSED: WireState.GRANT_STATE_PROPOSED,
  APPROVED: WireState.GRANT_STATE_APPROVED,
} as const satisfies Record<GrantState, WireState>;

const STATES = new Map(Object.entries(WIRE_STATES).map(([state, wire]) => [wire as WireState, state as GrantState]));

const REFUSALS = {
  FUND_UNIT_AUDITED: 'HASH in a fund is HASH that was taken in: it is not granted',
  REFERENCE_REUSED: 'the grant id was used with other content',
  GRANT_UNKNOWN: 'there is no such grant',
  SAME_ACTOR: 'a grant is approved by another person than the one who proposed it, both named by their certificates',
  CONFLICT: 'concurrent changes of the fund, repeat the request',
} as const;

/** `MintAdminService.GrantFund`. */
export function proposeGrant(
  ports: GrantPorts,
  request: GrantFundRequest,
  call: CallContext,
): Promise<GrantFundResponse> {
  const terms = parseTerms(ports, request);
  return logged(ports.log, MintAdminServiceService.grantFund, request, call, async () => {
    const grant = await grantFund(ports, terms, call.actor);
    if (!grant.ok) throw new GrpcFault(grant.error, REFUSALS[grant.error]);
    return { grant: renderGrant(grant.value) };
  });
}

/** `MintAdminService.ApproveGrant`. */
export function approveProposal(
  ports: GrantPorts,
  request: ApproveGrantRequest,
  call: CallContext,
): Promise<ApproveGrantResponse> {
  return logged(ports.log, MintAdminServiceService.approveGrant, request, call, async () => {
    const approved = await approveGrant(ports, request.grantId, call.actor);
    if (!approved.ok) throw new GrpcFault(approved.error, REFUSALS[approved.error]);
    return { grant: renderGrant(approved.value.grant), fund: renderFund(approved.value.fund) };
  });
}

/** `MintAdminService.ListGrants`. */
export async function listGrants({ grants }: GrantPorts, request: ListGrantsRequest): Promise<ListGrantsResponse> {
  const limit = pageSize(request.pageSize);
  const after = decodePageToken(request.pageToken)['after'];
  const found = await grants.list({ state: STATES.get(request.state), after, limit: limit + 1 });
  const { messages, last } = cutPage(found, limit, renderGrant, WireGrant);
  return { grants: messages, nextPageToken: last === undefined ? '' : encodePageToken({ after: last.grantId }) };
}

function parseTerms({ fundedUnits }: GrantPorts, request: GrantFundRequest): GrantTerms {
  const { grantId, amount: asked, reason } = request;
  const unit = parseRequestUnit(request.unit);
  if (!isRequestId(grantId)) {
    throw new GrpcFault('REQUEST_INVALID', 'grant_id: expected 1 to 64 of A-Z, a-z, 0-9 and ._:-');
  }
  if (asked < 1n || asked > FUNDED_MAX) throw new GrpcFault('REQUEST_INVALID', 'amount: expected 1 to 2^52');
  if (unit !== HASH_UNIT && !fundedUnits.has(unit))
    throw new GrpcFault('REQUEST_INVALID', `no fund pays ${request.unit}`);
  return { grantId, unit, amount: amount(asked), reason };
}

function renderGrant(grant: Grant): WireGrant {
  const { grantId, unit, reason, state, proposedBy, approvedBy, proposedAt, approvedAt } = grant;
  return {
    ...{ grantId, unit: unit.toUpperCase(), amount: grant.amount, reason, state: WIRE_STATES[state], proposedBy },
    ...{ approvedBy: approvedBy ?? '', proposedAtMs: BigInt(proposedAt), approvedAtMs: BigInt(approvedAt ?? 0) },
  };
}
