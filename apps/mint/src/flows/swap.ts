import { amount as amountOf } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { inSpan } from '@assay/shared/runtime/telemetry';
import { present } from '@assay/shared/kernel/assert';
import { firstRefusalInTurns } from '../domain/checks.ts';
import { feeOf } from '../domain/fees.ts';
import type { PointHex } from '../domain/operation.ts';
import { once } from '../domain/once.ts';
import type { Refusal } from '../domain/refusals.ts';
import type { RequestLimits, SwapRequest } from '../domain/request.ts';
import { SWAP_CHECKS, type SwapSubject } from '../domain/swap-checks.ts';
import type { IssuanceControl, Keysets, Signatory } from '../ports.ts';
import type { Turns } from '../turn-ports.ts';
import {
  type Answer,
  type Attempt,
  operate,
  type OperatePorts,
  type PlannedOperation,
  sign,
  unitNamed,
} from './operate.ts';
import { pointsOfSecrets } from './points-of-secrets.ts';
import { refuseAtOnce } from './refuse-at-once.ts';
import { refuseProofs } from './refuse-proofs.ts';
import { refuseSigned } from './refuse-signed.ts';
import { refuseSpent } from './refuse-spent.ts';

const NOTHING = amountOf(0n);

export interface SwapPorts extends OperatePorts {
  readonly control: IssuanceControl;
  readonly keysets: Keysets;
  readonly signatory: Signatory;
  readonly limits: RequestLimits;
  readonly turns: Turns;
}

/** NUT-03: spends the inputs and signs the outputs, both or neither. Repeating the request gives the same answer. */
export function swap(ports: SwapPorts, opId: string, request: SwapRequest): Promise<Answer> {
  const { inputs, outputs } = request;
  const attributes = { unit: unitNamed(ports.keysets, inputs), inputs: inputs.length, outputs: outputs.length };
  return inSpan('mint.swap', { attributes }, async (span) => {
    const ys = await pointsOfSecrets(ports, inputs);
    const swapping = { opId, request, ys, spentAtFirst: once(() => refuseSpent(ports, ys())) };
    const attempt: Attempt = {
      ...{ kind: 'SWAP', opId },
      // Whoever repeats a swap finds its own inputs spent.
      isFresh: async () => (await swapping.spentAtFirst()) === undefined,
      plan: (lost) => plan(ports, swapping, lost),
    };
    return operate(ports, attempt, span);
  });
}

interface Swapping {
  readonly opId: string;
  readonly request: SwapRequest;
  readonly ys: () => readonly PointHex[];
  /** Read once, before the first attempt. */
  readonly spentAtFirst: () => Promise<Refusal | undefined>;
}

async function plan(ports: SwapPorts, swapping: Swapping, lost: number): Promise<Result<PlannedOperation, Refusal>> {
  const { opId, request, ys } = swapping;
  const subject = subjectOf(ports, request, ys);
  const refused =
    (await firstRefusalInTurns(SWAP_CHECKS, subject, ports.turns)) ??
    (await refuseAtOnce(refuseProofs(ports, request.inputs), refuseStored(ports, swapping, lost)));
  if (refused !== undefined) return err(refused);
  const signatures = await sign(ports.signatory, request.outputs);
  return signatures.ok ? ok({ ...planned(opId, subject), outputs: signatures.value }) : signatures;
}

/**
 * The last rows: what is spent or signed already. At first, outputs that are signed are left to the unique index: the
 * insert fails, nobody has seen the new signatures, and the next attempt names the reason.
 */
async function refuseStored(
  ports: SwapPorts,
  { request, ys, spentAtFirst }: Swapping,
  lost: number,
): Promise<Refusal | undefined> {
  if (lost === 0) return spentAtFirst();
  return refuseAtOnce(refuseSpent(ports, ys()), refuseSigned(ports, request.outputs));
}

function subjectOf(ports: SwapPorts, request: SwapRequest, ys: () => readonly PointHex[]): SwapSubject {
  const { control, keysets, clock, limits } = ports;
  const keysetOf = (id: string) => keysets.get(id);
  return { ...request, ys, keysetOf, level: control.level(), now: clock.now(), limits };
}

function planned(opId: string, { inputs, ys, keysetOf }: SwapSubject): Omit<PlannedOperation, 'outputs'> {
  const [first] = inputs;
  return {
    opId,
    kind: 'SWAP',
    method: undefined,
    unit: present(keysetOf(present(first, 'first input').keyset), 'keyset of a checked input').unit,
    inputs: inputs.map(({ keyset, amount, witness }, index) => ({
      y: present(ys()[index], 'y'),
      keyset,
      amount,
      witness,
    })),
    quotes: [],
    fee: feeOf(inputs, keysetOf),
    out: NOTHING,
    surplus: NOTHING,
  };
}
