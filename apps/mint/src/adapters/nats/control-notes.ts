import { NOTE_SUBJECTS } from '@assay/proto/catalogue';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { ControlNotes } from '../../ports.ts';

/** Tells the other instances, and hears from them, that the control changed. Core NATS: a note may be lost. */
export function natsControlNotes(context: ServiceContext, bus: Bus, heard: () => Promise<void>): ControlNotes {
  const refresh = async () => {
    try {
      await heard();
    } catch (error) {
      context.log.warn({ err: error }, 'the control could not be read after a note');
    }
  };
  const subscription = bus.nc.subscribe(NOTE_SUBJECTS.mintControl, { callback: () => void refresh() });
  context.onStop('consumers', 'control notes', () => subscription.unsubscribe());
  return {
    tell: () => {
      void refresh();
      if (bus.connected()) bus.nc.publish(NOTE_SUBJECTS.mintControl);
    },
  };
}
