import { NOTE_SUBJECTS } from '@assay/proto/catalogue';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { ControlNotes } from '../../ports.ts';

/**
 * Tells the other instances, and hears from them, that the control changed. Core NATS: a note may be lost, and before
 * `connect` none leaves this instance.
 */
export function natsControlNotes(
  context: ServiceContext,
  heard: () => Promise<void>,
): ControlNotes & { connect(bus: Bus): void } {
  let bus: Bus | undefined;
  const refresh = async () => {
    try {
      await heard();
    } catch (error) {
      context.log.warn({ err: error }, 'the control could not be read after a note');
    }
  };
  return {
    tell: () => {
      void refresh();
      if (bus?.connected() === true) bus.nc.publish(NOTE_SUBJECTS.mintControl);
    },
    connect: (connected) => {
      bus = connected;
      const subscription = bus.nc.subscribe(NOTE_SUBJECTS.mintControl, { callback: () => void refresh() });
      context.onStop('consumers', 'control notes', () => subscription.unsubscribe());
    },
  };
}
