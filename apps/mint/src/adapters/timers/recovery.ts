import type { ServiceContext } from '@assay/shared/runtime/service';
import type { PayMeltPorts } from '../../flows/pay-melt.ts';
import { recoverMelts } from '../../flows/recover-melts.ts';

const EVERY_MS = 1_000;

/** Ends the melts that a dead or an impatient request left pending. By every instance: a lease would only delay it. */
export function startRecovery(context: ServiceContext, ports: PayMeltPorts): void {
  context.every('melt recovery', EVERY_MS, async () => {
    await recoverMelts(ports);
  });
}
