import { present } from '@assay/shared/kernel/assert';
import { lp, toHex } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount as amountOf } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { firstRefusalInTurns } from '../domain/checks.ts';
import { feeOf } from '../domain/fees.ts';
import type { Operation, PointHex } from '../domain/operation.ts';
import { REDEEM_CHECKS, type RedeemSubject } from '../domain/redeem-checks.ts';
import type { Refusal } from '../domain/refusals.ts';
import type { ProofInput, RequestLimits } from '../domain/request.ts';
import type { Unit } from '../domain/unit.ts';
import type { IssuanceControl, Keysets, Projection, Signatory } from '../ports.ts';
import { inSpan } from '../telemetry.ts';
import type { Turns } from '../turn-ports.ts';
import { operate, type OperatePorts, type PlannedOperation } from './operate.ts';
import { pointsOfSecrets } from './points-of-secrets.ts';
import { refuseAtOnce } from './refuse-at-once.ts';
import { refuseProofs } from './refuse-proofs.ts';
import { refuseSpent } from './refuse-spent.ts';

export interface RedeemPorts extends OperatePorts {
  readonly control: IssuanceControl;
  readonly keysets: Keysets;
  readonly signatory: Signatory;
  readonly projection: Projection;
  readonly limits: RequestLimits;
  readonly turns: Turns;
}

export interface RedeemRequest {
  readonly caller: string;
  /** The caller's name of this redeem. */
  readonly key: string;
  readonly unit: Unit;
  readonly amount: bigint;
  readonly proofs: readonly ProofInput[];
}

/** Op id of a redeem: a key of a caller is one redeem, for ever. */
function redeemId({ caller, key }: Pick<RedeemRequest, 'caller' | 'key'>): string {
  return toHex(sha256(lp('redeem'), lp(caller), lp(key)));
}

/**
 * Spends proofs for the fund of their unit, which the projector credits (03-mint section 10). The same key with the same
 * content gets the same operation.
 */
export async function redeemProofs(
  ports: RedeemPorts,
  request: RedeemRequest,
): Promise<Result<Operation, Refusal | 'REFERENCE_REUSED'>> {
  const opId = redeemId(request);
  const ys = await pointsOfSecrets(ports, request.proofs);
  const attributes = { unit: request.unit, inputs: request.proofs.length };
  const answer = await inSpan('mint.redeem', { attributes }, (span) =>
    operate(
      ports,
      {
        kind: 'REDEEM',
        opId,
        plan: () => plan(ports, opId, request, ys),
        committed: () => ports.projection.wake(),
      },
      span,
    ),
  );
  if (!answer.ok) return answer;
  const stored = present(await ports.operations.find(opId), 'committed operation');
  return isSameContent(stored, request, ys()) ? ok(stored) : err('REFERENCE_REUSED');
}

async function plan(
  ports: RedeemPorts,
  opId: string,
  request: RedeemRequest,
  ys: () => readonly PointHex[],
): Promise<Result<PlannedOperation, Refusal>> {
  const subject = subjectOf(ports, request, ys);
  const refused =
    (await firstRefusalInTurns(REDEEM_CHECKS, subject, ports.turns)) ??
    (await refuseAtOnce(refuseProofs(ports, subject.inputs), refuseSpent(ports, ys())));
  return refused === undefined ? ok(planned(opId, subject)) : err(refused);
}

function subjectOf(
  { control, keysets, clock, limits }: RedeemPorts,
  { unit, amount, proofs }: RedeemRequest,
  ys: () => readonly PointHex[],
): RedeemSubject {
  const keysetOf = (id: string) => keysets.get(id);
  const sides = { inputs: proofs, outputs: [], ys, keysetOf, now: clock.now(), limits };
  return { ...sides, unit, amount, level: control.level() };
}

function planned(opId: string, { inputs, ys, unit, amount, keysetOf }: RedeemSubject): PlannedOperation {
  const spent = inputs.map(({ keyset, amount: value, witness }, index) => ({
    ...{ y: present(ys()[index], 'y'), keyset, amount: value, witness },
  }));
  return {
    ...{ opId, kind: 'REDEEM', method: undefined, unit, inputs: spent, outputs: [], quotes: [] },
    ...{ fee: feeOf(inputs, keysetOf), out: amountOf(amount), surplus: amountOf(0n) },
  };
}

/** Content is what is worth how much, in any order; a witness is only the permission. */
function isSameContent(stored: Operation, { unit, amount }: RedeemRequest, ys: readonly PointHex[]): boolean {
  const spent = new Set(stored.inputs.map(({ y }) => y));
  return stored.unit === unit && stored.out === amount && spent.size === ys.length && ys.every((y) => spent.has(y));
}
