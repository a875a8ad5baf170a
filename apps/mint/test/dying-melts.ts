import { present } from '@assay/shared/kernel/assert';
import { melt, type MeltCommand, type MeltPorts } from '../src/flows/melt.ts';
import type { PaymentBackend } from '../src/payment-ports.ts';
import { Crash, crashing, type Failpoints } from './failpoints.ts';

/** The mint as a process that dies at a call of its stores, its payers or its signatory. */
function dying(ports: MeltPorts, points: Failpoints): MeltPorts {
  const { backend } = present(ports.bolt11, 'Lightning');
  return {
    ...ports,
    bolt11: { backend: crashing<PaymentBackend>(backend, points) },
    melts: crashing(ports.melts, points),
    meltQuotes: crashing(ports.meltQuotes, points),
    signatory: crashing(ports.signatory, points),
    quoteStore: crashing(ports.quoteStore, points),
    // A process that dies waits for nothing.
    patience: { waitFor: (work) => work, leave: () => undefined },
  };
}

export interface Prepared {
  readonly ports: MeltPorts;
  readonly command: MeltCommand;
}

/**
 * Runs a melt in processes that die at each of their calls, before and after its effect, until one gets through.
 * @param prepare a melt that nobody disturbed so far
 * @param check what has to hold after each death
 * @returns how many calls a melt makes
 */
export async function dieEverywhere<P extends Prepared>(
  prepare: () => Promise<P>,
  check: (prepared: P, where: string) => Promise<void>,
): Promise<number> {
  let calls = 0;
  for (const when of ['before', 'after'] as const) {
    for (let at = 1; ; at += 1) {
      const prepared = await prepare();
      const points = { calls: 0, at, when };
      const ended = await melt(dying(prepared.ports, points), prepared.command).catch((fault: unknown) => fault);
      calls = points.calls;
      if (!(ended instanceof Crash)) break;
      await check(prepared, `${when} call ${at}: ${ended.message}`);
    }
  }
  return calls;
}
