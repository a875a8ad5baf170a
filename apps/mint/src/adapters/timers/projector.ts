import type { ServiceContext } from '@assay/shared/runtime/service';
import { setTimeout as wait } from 'node:timers/promises';
import { projectOperations, type ProjectPorts } from '../../flows/project-operations.ts';
import type { Projection } from '../../ports.ts';

const EVERY_MS = 250;
/** What is committed meanwhile goes together. */
const GATHER_MS = 25;
/** While much is committed, fewer and larger chunks: each costs the same. */
const GATHER_BUSY_MS = 200;
const BUSY_OPERATIONS = 8;
const CATCH_UP_PASSES = 5;

/** Runs the projector every 250 ms, and soon after it is woken; one run at a time. */
export function startProjector(
  context: ServiceContext,
  ports: ProjectPorts,
): Projection & {
  /** Returns when what is committed by now is taken in, as far as a few chunks go. */
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
      // Not by `run`, which under load goes on for as long as there is load. Whoever runs besides helps.
      for (let pass = 1; pass <= CATCH_UP_PASSES; pass += 1) {
        if ((await projectOperations(ports)) === 0 && pass > 1) return;
      }
    },
    wake: () =>
      void run().catch((error: unknown) => context.log.warn({ err: error }, 'the projector was woken in vain')),
  };
}
