import { type Clock, later } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { Keyset } from '../domain/keyset.ts';
import { faultOfRotation, type Rotation, type RotationFault, type RotationTerms } from '../domain/rotation.ts';
import type { KeysetRotator, Rotations } from '../fund-ports.ts';
import type { Keysets } from '../ports.ts';
import { inSpan } from '../telemetry.ts';

export interface RotatePorts {
  readonly rotations: Rotations;
  readonly rotator: KeysetRotator;
  readonly keysets: Pick<Keysets, 'all'>;
  readonly clock: Clock;
}

export type RotationRefusal = RotationFault | 'UNIT_UNKNOWN' | 'COULD_NOT_ROTATE';

/** The caller of a rotation that was begun so long ago is gone. */
const LEFT_AFTER_MS = 30_000;

/**
 * Makes a new keyset the active one of its unit, once per rotation id, and tells it once: the rotation is noted, then the
 * signatory rotates (once for its id), then the keyset and its event are stored as one update. `finishRotations` goes on
 * with what a crash left noted.
 */
export function rotateKeyset(
  ports: RotatePorts,
  rotationId: string,
  terms: RotationTerms,
): Promise<Result<Keyset, RotationRefusal>> {
  return inSpan('mint.rotate-keyset', { attributes: { unit: terms.unit } }, async () => {
    const { rotations, keysets, clock } = ports;
    const done = await rotations.find(rotationId);
    if (done?.keyset !== undefined) return ok(done.keyset);
    const [active] = keysets.all().filter((keyset) => keyset.unit === terms.unit && keyset.active);
    if (active === undefined) return err('UNIT_UNKNOWN');
    const fault = faultOfRotation(terms, clock.now());
    if (fault !== undefined) return err(fault);
    const rotation = { ...terms, rotationId, oldKeysetId: active.id, at: clock.now() };
    return carryOut(ports, await rotations.begin(rotation));
  });
}

/** Carries out the rotations that were begun and left. Any instance may do so at any time. */
export async function finishRotations(ports: RotatePorts): Promise<void> {
  const left = await ports.rotations.listBegun(later(ports.clock.now(), -LEFT_AFTER_MS));
  for (const rotation of left) await carryOut(ports, rotation);
}

async function carryOut(
  { rotations, rotator, clock }: RotatePorts,
  rotation: Rotation,
): Promise<Result<Keyset, RotationRefusal>> {
  const rotated = await rotator.rotate(rotation);
  if (!rotated.ok) {
    await rotations.giveUp(rotation.rotationId, rotated.error);
    return err('COULD_NOT_ROTATE');
  }
  await rotations.complete(rotation, rotated.value, clock.now());
  return ok(rotated.value);
}
