import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { service as health } from 'grpc-health-check';
import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { implement, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { afterEach, describe, expect, test } from 'vitest';
import { startedLifecycle } from './lifecycles.ts';

const SERVICE = { getBlock: PoolServiceService.getBlock };
const POOL_SERVICE = 'assay.pool.v1.PoolService';
const HEALTH_PATH = '/grpc.health.v1.Health/Check';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: { reflection?: boolean } = {}) {
  const lifecycle = startedLifecycle();
  const implementations = [implement(SERVICE, { getBlock: async () => ({ block: undefined }) })];
  const port = await startGrpcServer(lifecycle.context, {
    port: 0,
    implementations,
    allowUnauthenticated: true,
    ...options,
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closers.push(lifecycle.stop, () => client.close());
  return { client, lifecycle };
}

function check(client: Client, service: string): Promise<unknown> {
  const { requestSerialize, responseDeserialize } = health['Check'] as MethodDefinition<object, { status: string }>;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(HEALTH_PATH, requestSerialize, responseDeserialize, { service }, (error, answer) =>
      error ? reject(error) : resolve(answer?.status),
    );
  });
}

/** Answers to raw reflection requests, as latin-1 text in which names can be found. */
async function reflect(client: Client, version: string, requests: readonly Buffer[]): Promise<string[]> {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(
    path,
    (bytes) => bytes,
    (bytes) => bytes,
  );
  for (const request of requests) call.write(request);
  call.end();
  const answers: string[] = [];
  for await (const answer of call) answers.push((answer as Buffer).toString('latin1'));
  return answers;
}

const field = (number: number, text: string) => Buffer.from([8 * number + 2, text.length, ...Buffer.from(text)]);

describe('health', () => {
  test('follows readiness, for the server and each service', async () => {
    const { client, lifecycle } = await serve();
    expect([await check(client, ''), await check(client, POOL_SERVICE)]).toEqual(['SERVING', 'SERVING']);
    lifecycle.context.readiness('database', () => false);
    await expect.poll(() => check(client, POOL_SERVICE)).toBe('NOT_SERVING');
  });

  test('says NOT_SERVING before anything else stops', async () => {
    const { client, lifecycle } = await serve();
    const seen: unknown[] = [];
    lifecycle.context.onStop('edge', 'edge', async () => void seen.push(await check(client, POOL_SERVICE)));
    await lifecycle.stop();
    expect(seen).toEqual(['NOT_SERVING']);
  });
});

describe('reflection', () => {
  test.each(['v1', 'v1alpha'])('%s lists services and gives files with what they import', async (version) => {
    const { client } = await serve();
    const requests = [field(7, '*'), field(4, POOL_SERVICE), field(3, 'assay/pool/v1/events.proto')];
    const [services, bySymbol, byName] = await reflect(client, version, requests);
    expect(services).toContain(POOL_SERVICE);
    expect(services).not.toContain('assay.mint');
    expect(bySymbol).toContain('GetTemplateBody');
    expect(bySymbol).toContain('BatchAccepted');
    expect(byName).toContain('BatchAccepted');
  });

  test('knows the health service and what the details of an error are, for clients that show them', async () => {
    const { client } = await serve();
    const symbols = ['grpc.health.v1.Health', 'google.rpc.ErrorInfo', 'google.rpc.Status'];
    const requests = [field(7, '*'), ...symbols.map((symbol) => field(4, symbol))];
    const [services, health, details, status] = await reflect(client, 'v1', requests);
    expect(services).toContain('grpc.health.v1.Health');
    expect(health).toContain('HealthCheckResponse');
    expect(details).toContain('ErrorInfo');
    expect(status).toContain('google/protobuf/any.proto');
  });

  test('says what it does not know', async () => {
    const { client } = await serve();
    const requests = [field(4, 'no.Such'), field(3, 'no.proto'), field(6, `${POOL_SERVICE}`), Buffer.alloc(0)];
    const answers = await reflect(client, 'v1', requests);
    expect(answers.map((answer) => /not found: [\w.]+|no extensions/.exec(answer)?.[0])).toEqual([
      'not found: no.Such',
      'not found: no.proto',
      'no extensions',
      'no extensions',
    ]);
  });

  test('can be switched off', async () => {
    const { client } = await serve({ reflection: false });
    await expect(reflect(client, 'v1', [field(7, '*')])).rejects.toThrow('UNIMPLEMENTED');
  });
});
