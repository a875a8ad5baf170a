import type { Clock } from '@assay/shared/kernel/clock';
import { type Control, type Pause, paused } from '../domain/control.ts';
import type { ControlNotes, ControlStore } from '../ports.ts';
import { changeControl } from './change-control.ts';

export interface PausePorts {
  readonly control: ControlStore;
  readonly notes: ControlNotes;
  readonly clock: Clock;
}

/** Stops what the level stops; a higher level stays. Answers when every live instance obeys, or after 2 s. */
export async function pauseIssuance(ports: PausePorts, pause: Pause): Promise<Control> {
  const control = await changeControl(ports, 'paused', (before, now) => paused(before, pause, now));
  await ports.control.waitUntilTaken(control.version);
  return control;
}
