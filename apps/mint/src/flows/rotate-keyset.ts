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
/** Rotations of the same unit that may be asked for at the same time. */
const TURNS_MAX = 100;

/**
 * Makes a new keyset the active one of its unit, once per rotation id, and tells it once: the rotation is noted, then which
 * keyset it replaces, then the signatory rotates (once for its id), then the keyset and its event are stored as one update.
 * `finishRotations` goes on with what a crash left noted.
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
    if (!keysets.all().some(({ unit }) => unit === terms.unit)) return err('UNIT_UNKNOWN');
    const fault = faultOfRotation(terms, clock.now());
    if (fault !== undefined) return err(fault);
    return takeTurn(ports, { ...terms, rotationId, oldKeysetId: undefined, at: clock.now() });
  });
}

/** Carries out the rotations that were begun and left. Any instance may do so at any time. */
export async function finishRotations(ports: RotatePorts): Promise<void> {
  const left = await ports.rotations.listBegun(later(ports.clock.now(), -LEFT_AFTER_MS));
  for (const rotation of left) await carryOut(ports, rotation);
}

/** One rotation of a unit after the other, so that it is known which keyset each one replaced: whoever waits helps. */
async function takeTurn(ports: RotatePorts, rotation: Rotation): Promise<Result<Keyset, RotationRefusal>> {
  for (let turn = 1; turn <= TURNS_MAX; turn += 1) {
    const begun = await ports.rotations.begin(rotation);
    const ended = await carryOut(ports, begun);
    if (begun.rotationId === rotation.rotationId) return ended;
  }
  return err('COULD_NOT_ROTATE');
}

async function carryOut(ports: RotatePorts, rotation: Rotation): Promise<Result<Keyset, RotationRefusal>> {
  const { rotations, rotator, clock } = ports;
  const oldKeysetId = await replacedBy(ports, rotation);
  if (oldKeysetId === undefined) return giveUp(ports, rotation, 'the unit has no active keyset');
  const rotated = await rotator.rotate(rotation);
  if (!rotated.ok) return giveUp(ports, rotation, rotated.error);
  await rotations.complete({ ...rotation, oldKeysetId }, rotated.value, clock.now());
  return ok(rotated.value);
}

async function replacedBy({ rotations, rotator }: RotatePorts, rotation: Rotation): Promise<string | undefined> {
  if (rotation.oldKeysetId !== undefined) return rotation.oldKeysetId;
  const active = await rotator.active(rotation.unit);
  return active === undefined ? undefined : rotations.noteOld(rotation, active);
}

async function giveUp({ rotations }: RotatePorts, { rotationId }: Rotation, why: string) {
  await rotations.giveUp(rotationId, why);
  return err('COULD_NOT_ROTATE' as const);
}
