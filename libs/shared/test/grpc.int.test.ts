import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { GrpcCallError, grpcClient } from '@assay/shared/runtime/grpc-client';
import {
  type CallContext,
  GrpcFault,
  GrpcStatusFault,
  type Handlers,
  implement,
  startGrpcServer,
} from '@assay/shared/runtime/grpc-server';
import type { Lifecycle } from '@assay/shared/runtime/service-context';
import { StartError } from '@assay/shared/runtime/start-error';
import { currentTrace, inSpan, traceIdOf } from '@assay/shared/runtime/telemetry';
import { afterEach, describe, expect, test } from 'vitest';
import { startedLifecycle } from './lifecycles.ts';

const { getBlock, getTemplateBody, listBlocks } = PoolServiceService;
const SERVICE = { getBlock, getTemplateBody, listBlocks };
const HASH = Buffer.alloc(32, 7);
const NO_BLOCK = { block: undefined };

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Served = Partial<Handlers<typeof SERVICE>>;

async function serve(handlers: Served, options: { lifecycle?: Lifecycle; port?: number; authorize?: () => void } = {}) {
  const lifecycle = options.lifecycle ?? startedLifecycle();
  const unused = () => Promise.reject(new Error('not part of this test'));
  const all = { getBlock: unused, listBlocks: unused, getTemplateBody: async function* () {}, ...handlers };
  const authorize = options.authorize === undefined ? {} : { authorize: options.authorize };
  const port = await startGrpcServer(lifecycle.context, {
    port: options.port ?? 0,
    implementations: [implement(SERVICE, all, authorize)],
    allowUnauthenticated: true,
  });
  closers.push(lifecycle.stop);
  return { lifecycle, port };
}

function clientOf(port: number, metadata: Record<string, string> = {}) {
  const client = grpcClient(SERVICE, { url: `http://127.0.0.1:${port}`, deadlineMs: 5_000, metadata });
  closers.push(client.close);
  return client;
}

async function failureOf(call: Promise<unknown>): Promise<{ code: string; reason: string }> {
  const error: unknown = await call.then(
    () => undefined,
    (fault: unknown) => fault,
  );
  if (!(error instanceof GrpcCallError)) throw new Error('the call did not fail as a call', { cause: error });
  return { code: error.code, reason: error.reason };
}

const chunk = (bytes: number) => ({ header: undefined, chunk: Buffer.alloc(bytes) });
const bodyRequest = { templateId: HASH, offset: 0n };
async function readAll<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** Ends only with its signal. */
const untilAborted = (call: CallContext) =>
  new Promise<never>((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)));

describe('a call', () => {
  test('reaches its handler with caller and time, in the trace of who made it', async () => {
    const seen: unknown[] = [];
    const { port } = await serve({
      getBlock: async ({ blockHash }, { caller, deadlineMs, signal }) => {
        seen.push({ blockHash, caller, inTime: deadlineMs > 4_000 && deadlineMs <= 4_900, aborted: signal.aborted });
        seen.push(traceIdOf(currentTrace()));
        return NO_BLOCK;
      },
    });
    const parent = { traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-00` };
    const client = clientOf(port, { 'x-assay-caller': 'team-blue' });
    expect(await inSpan('ask', { parent }, () => client.getBlock({ blockHash: HASH }))).toEqual(NO_BLOCK);
    expect(seen).toEqual([{ blockHash: HASH, caller: 'team-blue', inTime: true, aborted: false }, traceIdOf(parent)]);
  });

  test('is refused with status and reason', async () => {
    const { port } = await serve({
      getBlock: () => Promise.reject(new GrpcFault('BLOCK_UNKNOWN', 'no such block')),
      listBlocks: () => Promise.reject(new Error('hidden detail')),
    });
    const client = clientOf(port);
    expect(await failureOf(client.getBlock({ blockHash: HASH }))).toEqual({
      code: 'NOT_FOUND',
      reason: 'BLOCK_UNKNOWN',
    });
    const unforeseen = client.listBlocks({ state: 0, height: 0, pageSize: 0, pageToken: '' });
    expect(await failureOf(unforeseen)).toEqual({ code: 'INTERNAL', reason: '' });
    await expect(unforeseen).rejects.not.toThrow('hidden detail');
  });

  test('of somebody who is not on the list is refused before its handler', async () => {
    const { port } = await serve({});
    const body = clientOf(port, { 'x-assay-caller': 'mint' }).getTemplateBody(bodyRequest);
    expect(await failureOf(readAll(body))).toEqual({ code: 'PERMISSION_DENIED', reason: 'CALLER_NOT_ALLOWED' });
  });

  test('can be refused by the metadata it lacks', async () => {
    const authorize = () => {
      throw new GrpcStatusFault('INVALID_ARGUMENT', 'x-signatory-schema-version is missing');
    };
    const { port } = await serve({}, { authorize });
    const call = clientOf(port).getBlock({ blockHash: HASH });
    expect(await failureOf(call)).toEqual({ code: 'INVALID_ARGUMENT', reason: '' });
  });

  test('with a message beyond 4 MiB is refused', async () => {
    const { port } = await serve({ getBlock: async () => NO_BLOCK });
    const call = clientOf(port).getBlock({ blockHash: Buffer.alloc(4 * 1_048_576) });
    expect((await failureOf(call)).code).toBe('RESOURCE_EXHAUSTED');
  });

  test('waits for a server that is being restarted', async () => {
    const first = await serve({ getBlock: async () => NO_BLOCK });
    const client = clientOf(first.port);
    await client.getBlock({ blockHash: HASH });
    await first.lifecycle.stop();
    const meanwhile = client.getBlock({ blockHash: HASH });
    const read = readAll(client.getTemplateBody(bodyRequest));
    await serve({ getBlock: async () => NO_BLOCK }, { port: first.port });
    expect(await meanwhile).toEqual(NO_BLOCK);
    expect(await read).toEqual([]);
  });

  test('to nobody fails when its time is up', async () => {
    const { port, lifecycle } = await serve({});
    await lifecycle.stop();
    const call = clientOf(port).getBlock({ blockHash: HASH }, { deadlineMs: 300 });
    expect((await failureOf(call)).code).toBe('DEADLINE_EXCEEDED');
  });
});

describe('the time of a call', () => {
  test('ends its handler before the caller gives up', async () => {
    const { port } = await serve({ getBlock: (_, call) => untilAborted(call) });
    const call = clientOf(port).getBlock({ blockHash: HASH }, { deadlineMs: 300 });
    expect((await failureOf(call)).code).toBe('DEADLINE_EXCEEDED');
    await expect(call).rejects.toThrow('the time for this call is up');
  });

  test('also ends a handler that does not listen', async () => {
    const { port } = await serve({ getBlock: () => new Promise(() => undefined) });
    const call = clientOf(port).getBlock({ blockHash: HASH }, { deadlineMs: 200 });
    expect((await failureOf(call)).code).toBe('DEADLINE_EXCEEDED');
  });

  test('bounds the calls that its handler makes', async () => {
    let inner = 0;
    const second = await serve({ getBlock: async (_, { deadlineMs }) => ((inner = deadlineMs), NO_BLOCK) });
    const onward = clientOf(second.port);
    const first = await serve({ getBlock: () => onward.getBlock({ blockHash: HASH }) });
    await clientOf(first.port).getBlock({ blockHash: HASH }, { deadlineMs: 1_000 });
    expect(inner).toBeGreaterThan(0);
    expect(inner).toBeLessThanOrEqual(900);
  });

  test('ends when the caller goes', async () => {
    const aborted = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const { port } = await serve({
      getBlock: (_, call) => {
        started.resolve();
        return untilAborted(call).catch((reason: unknown) => (aborted.resolve(reason), NO_BLOCK));
      },
    });
    const leaving = new AbortController();
    const call = clientOf(port).getBlock({ blockHash: HASH }, { signal: leaving.signal });
    await started.promise;
    leaving.abort();
    expect((await failureOf(call)).code).toBe('CANCELLED');
    expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a stream', () => {
  test('arrives whole and in order, and is never produced far ahead of its reader', async () => {
    const total = 400;
    let produced = 0;
    const { port } = await serve({
      async *getTemplateBody() {
        for (; produced < total; produced += 1)
          yield { header: undefined, chunk: Buffer.alloc(65_536, produced % 256) };
      },
    });
    let received = 0;
    let farthest = 0;
    for await (const { chunk: part } of clientOf(port).getTemplateBody(bodyRequest)) {
      expect(part[0]).toBe(received % 256);
      received += 1;
      farthest = Math.max(farthest, produced - received);
    }
    expect(received).toBe(total);
    expect(farthest).toBeLessThan(100);
  });

  test('that its reader leaves ends its producer', async () => {
    const ended = Promise.withResolvers<string>();
    const { port } = await serve({
      async *getTemplateBody(_, { signal }) {
        try {
          for (;;) yield chunk(1_024);
        } finally {
          ended.resolve(signal.aborted ? 'aborted' : 'running');
        }
      },
    });
    const body = clientOf(port).getTemplateBody(bodyRequest)[Symbol.asyncIterator]();
    await body.next();
    await body.return?.();
    expect(await ended.promise).toBe('aborted');
  });

  test('that fails half-way tells its reason after what came before', async () => {
    const { port } = await serve({
      async *getTemplateBody() {
        yield chunk(10);
        throw new GrpcFault('TEMPLATE_BODY_GONE', 'the body was dropped');
      },
    });
    let received = 0;
    const read = async () => {
      for await (const part of clientOf(port).getTemplateBody(bodyRequest)) received += part.chunk.length;
    };
    expect(await failureOf(read())).toEqual({ code: 'NOT_FOUND', reason: 'TEMPLATE_BODY_GONE' });
    expect(received).toBe(10);
  });
});

test('a drain lets a call finish, ends streams and takes no new calls', async () => {
  const finish = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const { lifecycle, port } = await serve({
    getBlock: async () => {
      started.resolve();
      await finish.promise;
      return NO_BLOCK;
    },
    async *getTemplateBody(_, call) {
      yield chunk(1);
      await untilAborted(call);
    },
  });
  const client = clientOf(port);
  const call = client.getBlock({ blockHash: HASH });
  const body = client.getTemplateBody(bodyRequest)[Symbol.asyncIterator]();
  await Promise.all([started.promise, body.next()]);
  const stopped = lifecycle.stop();
  expect((await failureOf(body.next())).code).toBe('UNAVAILABLE');
  expect((await failureOf(clientOf(port).getBlock({ blockHash: HASH }, { deadlineMs: 300 }))).code).toBe(
    'DEADLINE_EXCEEDED',
  );
  finish.resolve();
  expect(await call).toEqual(NO_BLOCK);
  await stopped;
});

describe('a server does not start', () => {
  const start = (options: Partial<Parameters<typeof startGrpcServer>[1]>) =>
    startGrpcServer(startedLifecycle().context, {
      port: 0,
      implementations: [],
      allowUnauthenticated: true,
      ...options,
    });

  test('with a method that has no list of callers', async () => {
    const path = '/assay.pool.v1.PoolService/Forgotten';
    const service = { forgotten: { ...getBlock, path } };
    const implementations = [implement(service, { forgotten: async () => NO_BLOCK })];
    await expect(start({ implementations })).rejects.toThrow(`gRPC methods without a list of callers: ${path}`);
  });

  test('without TLS in production', async () => {
    await expect(start({ allowUnauthenticated: false })).rejects.toThrow('gRPC has no TLS');
  });

  test('on a port that is taken', async () => {
    const { port } = await serve({});
    await expect(start({ port })).rejects.toThrow(StartError);
  });
});
