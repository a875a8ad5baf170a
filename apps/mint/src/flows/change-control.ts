import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import type { Control } from '../domain/control.ts';
import type { ControlNotes, ControlStore } from '../ports.ts';

const ATTEMPTS_MAX = 20;

/**
 * Stores what `decide` makes of the control and tells every instance; without a change the control as it is.
 * @param event that tells others about the change, if it is one for them.
 */
export async function changeControl(
  ports: { readonly control: ControlStore; readonly notes: ControlNotes; readonly clock: Clock },
  event: 'paused' | 'resumed' | undefined,
  decide: (before: Control, now: UnixMs) => Control | undefined,
): Promise<Control> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const before = await ports.control.read();
    const next = decide(before, ports.clock.now());
    if (next === undefined) return before;
    if (await ports.control.replace(next, event)) {
      ports.notes.tell();
      return next;
    }
  }
  throw new Error(`the control changed under ${ATTEMPTS_MAX} attempts to change it`);
}
