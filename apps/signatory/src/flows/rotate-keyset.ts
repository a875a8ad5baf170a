import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { Unit } from '../domain/keyset.ts';
import { type Refusal, refusal } from '../domain/refusal.ts';
import type { LiveKeyset } from '../domain/signing-request.ts';
import {
  decideRotation,
  hasRequest,
  type RotationDecision,
  type RotationTerms,
  type UnitRecord,
} from '../domain/unit.ts';
import type { UnitStore } from '../ports.ts';
import { countRefusal, countRotation, operationSpan } from '../telemetry.ts';
import { type Keyring, storedKeyset } from './keyring.ts';

const ATTEMPTS_MAX = 5;

export interface RotateKeysetPorts {
  readonly units: UnitStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** Makes a new keyset the active one of `unit`. The same request id with the same content gives the keyset of the first time. */
export function rotateKeyset(
  ports: RotateKeysetPorts,
  unit: Unit,
  asked: RotationTerms,
): Promise<Result<LiveKeyset, Refusal>> {
  return operationSpan('rotate-keyset', asked.amounts.length, async () => {
    const outcome = await rotate(ports, unit, asked);
    if (!outcome.ok) {
      countRefusal('rotate-keyset', outcome.error.code);
      return outcome;
    }
    await ports.keyring.refresh();
    return ok(storedKeyset(ports.keyring, outcome.value));
  });
}

async function rotate(ports: RotateKeysetPorts, unit: Unit, asked: RotationTerms): Promise<Result<string, Refusal>> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const records = await ports.units.all();
    const record = records.find((one) => one.unit === unit);
    if (record === undefined) return err(refusal('unit-not-supported', `unit ${unit} is not configured`));
    if (records.some((other) => other !== record && hasRequest(other, asked.requestId))) {
      return err(refusal('could-not-rotate', 'this request id was used for another unit'));
    }

    const decision = decideRotation(record, asked, ports.clock.now());
    if (!decision.ok) return decision;

    const outcome = await commit(ports, record, asked, decision.value);
    if (outcome !== 'stale') return outcome;
  }
  return err(refusal('could-not-rotate', 'others rotated the unit at the same time; ask again'));
}

async function commit(
  { units, keyring }: RotateKeysetPorts,
  record: UnitRecord,
  { requestId }: RotationTerms,
  decision: RotationDecision,
): Promise<Result<string, Refusal> | 'stale'> {
  if (decision.do === 'nothing') return ok(decision.keyset.id);
  const { terms, createdAt } = decision;
  const { id } = keyring.derive(record.unit, terms);
  const outcome = await units.rotate(record, { ...terms, id, requestId, createdAt });
  if (outcome === 'id-taken') return err(refusal('could-not-rotate', 'a keyset of this id exists already'));
  if (outcome === 'committed') countRotation();
  return outcome === 'committed' ? ok(id) : 'stale';
}
