import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { readAgain } from '@assay/shared/kernel/read-again';
import type { Control } from '../domain/control.ts';
import type { ControlNotes, ControlStore } from '../ports.ts';

/** All instances change it at once when a breach is told. */
const ATTEMPTS_MAX = 20;

/**
 * Stores what `decide` makes of the control and tells every instance; without a change the control as it is.
 * @param event that tells others about the change, if it is one for them.
 */
export function changeControl(
  ports: { readonly control: ControlStore; readonly notes: ControlNotes; readonly clock: Clock },
  event: 'paused' | 'resumed' | undefined,
  decide: (before: Control, now: UnixMs) => Control | undefined,
): Promise<Control> {
  return readAgain(
    'the control',
    async () => {
      const before = await ports.control.read();
      const next = decide(before, ports.clock.now());
      if (next === undefined) return before;
      if (!(await ports.control.replace(next, event))) return 'stale';
      ports.notes.tell();
      return next;
    },
    ATTEMPTS_MAX,
  );
}
