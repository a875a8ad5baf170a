import { randomInt } from 'node:crypto';
import { metricsPortOf } from '@assay/shared/runtime/config';
import { assertFree, type PortName, portOf } from './port-plan.ts';

const PROBED: readonly PortName[] = [
  'stratum',
  'mintHttp',
  'poolGrpc',
  'mintGrpc',
  'auditorGrpc',
  'signatory',
  'nats',
  'mongod',
  'bitcoind',
  'otlp',
];

/** A base whose ports were all free a moment ago, below the range from which systems take ports by themselves. */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const portBase = randomInt(90, 280) * 100;
    const ports = PROBED.flatMap((name) => [portOf({ portBase }, name), metricsPortOf(portOf({ portBase }, name))]);
    const free = await Promise.all(
      ports.map((port) =>
        assertFree(port, 'the stack').then(
          () => true,
          () => false,
        ),
      ),
    );
    if (free.every(Boolean)) return portBase;
  }
  throw new Error('no free range of ports was found');
}
