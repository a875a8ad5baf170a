import { assertListening } from '../connections.ts';
import type { Session } from '../session.ts';
import { servingStatus } from './health-client.ts';
import { faultText, type Finding, findingsOf } from './finding.ts';
import type { Instance } from './instances.ts';
import { readInstance } from './read-instance.ts';
import { readingFindings } from './reading-findings.ts';

const ASK_MS = 3_000;

/** Health, reachability, clock and what the metrics say of one process. */
export async function checkInstance({ connections, deadlineMs }: Session, instance: Instance): Promise<Finding[]> {
  const { tls } = connections.settings;
  const within = Math.min(ASK_MS, deadlineMs);
  const [reading, grpc] = await Promise.all([
    readInstance(instance, within),
    checkGrpc(instance, async () => {
      await assertListening(instance.grpc, within);
      return servingStatus(instance.grpc, tls, within);
    }),
  ]);
  return [...readingFindings(instance, reading), grpc];
}

async function checkGrpc({ name, grpc, service }: Instance, ask: () => Promise<string>): Promise<Finding> {
  const say = findingsOf(name);
  // Where certificates are needed, nobody but the mint has one that the signatory takes.
  const doubt = service === 'signatory' ? say.warn : say.fail;
  try {
    const status = await ask();
    if (status === 'SERVING') return say.ok('gRPC', `${grpc} serves`);
    return say.fail('gRPC', `${grpc} says ${status}`, `see why it is not ready; docs/runbooks/service-not-ready.md`);
  } catch (error) {
    return doubt(
      'gRPC',
      `${grpc}: ${faultText(error)}`,
      `is ${name} running, is the address right, are certificates needed?`,
    );
  }
}
