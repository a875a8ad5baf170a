import type { ServiceContext } from '@assay/shared/runtime/service';
import { type ControlFollower, followControl } from '../../flows/follow-control.ts';
import type { ControlStore } from '../../ports.ts';

const EVERY_MS = 1_000;

/** Follows the control from now on, each second and when told to. Until it was read once the mint is paused. */
export async function startControl(context: ServiceContext, control: ControlStore): Promise<ControlFollower> {
  const follower = followControl({ control, clock: context.clock });
  await follower.refresh();
  context.every('control', EVERY_MS, () => follower.refresh());
  return follower;
}
