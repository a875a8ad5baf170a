import type { ServiceContext } from '@assay/shared/runtime/service';
import { setTimeout as wait } from 'node:timers/promises';
import { projectOperations, type ProjectPorts } from '../../flows/project-operations.ts';
import type { Projection } from '../../ports.ts';

const EVERY_MS = 250;
/** What is committed meanwhile goes together. */
const GATHER_MS = 25;
/** While much is committed, fewer and larger chunks: each costs the same. */
const GATHER_BUSY_MS = 75;
const BUSY_OPERATIONS = 8;

/** Runs the projector every 250 ms, and soon after it is woken; one run at a time. */
export function startProjector(
  context: ServiceContext,
  ports: ProjectPorts,
): Projection & {
  /** Returns when everything that is committed by now is taken in. */
  catchUp(): Promise<void>;
} {
  let running: Promise<void> | undefined;

  const drain = async () => {
    await wait(GATHER_MS);
    for (let count = await projectOperations(ports); count > 0; count = await projectOperations(ports)) {
      if (count >= BUSY_OPERATIONS) await wait(GATHER_BUSY_MS);
    }
  };
  const run = () => (running ??= drain().finally(() => (running = undefined)));
  context.every('projector', EVERY_MS, run);
  return {
    catchUp: async () => {
      // A run that is under way may have listed before the last commit.
      await running?.catch(() => undefined);
      await run();
    },
    wake: () =>
      void run().catch((error: unknown) => context.log.warn({ err: error }, 'the projector was woken in vain')),
  };
}
