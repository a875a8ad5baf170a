import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { ServiceContext } from './service-context.ts';

const REFRESH_MS = 1_000;

/** Adds `grpc.health.v1` to a server: the service's readiness, for the whole server and under each of `services`. */
export async function addHealth(context: ServiceContext, server: Server, services: readonly string[]): Promise<void> {
  const health = new HealthImplementation();
  const names = ['', ...services];
  let draining = false;
  const refresh = async () => {
    const ready = await context.isReady();
    for (const name of names) health.setStatus(name, ready && !draining ? 'SERVING' : 'NOT_SERVING');
  };
  health.addToServer(server);
  context.every('gRPC health', REFRESH_MS, refresh);
  context.onStop('not-serving', 'gRPC health', () => {
    draining = true;
    return refresh();
  });
  await refresh();
}
