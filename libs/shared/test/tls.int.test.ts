import { Client, credentials, Server, status } from '@grpc/grpc-js';
import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { GrpcCallError, grpcClient } from '@assay/shared/runtime/grpc-client';
import { implement, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { serverTls, type TlsFiles } from '@assay/shared/runtime/tls';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { authority, type Identity, issue } from './certificates.ts';
import { startedLifecycle } from './lifecycles.ts';

const { getBlock, getTemplateBody } = PoolServiceService;
const SERVICE = { getBlock, getTemplateBody };
const ASKED = { blockHash: Buffer.alloc(32) };

const folder = mkdtempSync(join(tmpdir(), 'assay-tls-'));
const ours = authority('assay test authority');
const pool = filesOf('pool', issue(ours, { dns: ['pool', 'localhost'] }));
const auditor = filesOf('auditor', issue(ours, { uris: ['spiffe://assay/auditor'] }));
const team = filesOf('team', issue(ours, { dns: ['team-blue'] }));

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function filesOf(name: string, identity: Identity, trusted: Identity = ours): TlsFiles {
  const path = (kind: string) => join(folder, `${name}.${kind}.pem`);
  const files = { certFile: path('cert'), keyFile: path('key'), caFile: path('ca') };
  writeFileSync(files.certFile, identity.certPem);
  writeFileSync(files.keyFile, identity.keyPem);
  writeFileSync(files.caFile, trusted.certPem);
  return files;
}

async function serve() {
  const lifecycle = startedLifecycle();
  const callers: string[] = [];
  const implementation = implement(SERVICE, {
    getBlock: async (_, { caller }) => (callers.push(caller), { block: undefined }),
    async *getTemplateBody(_, { caller }) {
      callers.push(caller);
    },
  });
  const options = { port: 0, implementations: [implementation], tls: pool, allowUnauthenticated: false };
  const port = await startGrpcServer(lifecycle.context, options);
  closers.push(lifecycle.stop);
  return { port, callers };
}

function clientOf(port: number, tls: TlsFiles | undefined) {
  const client = grpcClient(SERVICE, { url: `localhost:${port}`, deadlineMs: 1_500, tls });
  closers.push(client.close);
  return client;
}

async function read(body: AsyncIterable<unknown>): Promise<void> {
  for await (const _part of body) expect.fail('there is nothing in it');
}

test('a caller is known by its certificate, by DNS name or SPIFFE id', async () => {
  const { port, callers } = await serve();
  await clientOf(port, team).getBlock(ASKED);
  await read(clientOf(port, auditor).getTemplateBody({ templateId: Buffer.alloc(32), offset: 0n }));
  expect(callers).toEqual(['team-blue', 'auditor']);
});

test('a caller with a certificate that is not on the list is refused', async () => {
  const { port, callers } = await serve();
  const body = clientOf(port, team).getTemplateBody({ templateId: Buffer.alloc(32), offset: 0n });
  await expect(read(body)).rejects.toMatchObject({ code: 'PERMISSION_DENIED', reason: 'CALLER_NOT_ALLOWED' });
  expect(callers).toEqual([]);
});

test('nobody connects without a certificate of the authority', async () => {
  const { port } = await serve();
  const stranger = authority('stranger');
  const forged = filesOf('forged', issue(stranger, { dns: ['operator'] }));
  for (const tls of [forged, undefined]) {
    const failure: unknown = await clientOf(port, tls)
      .getBlock(ASKED)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GrpcCallError);
    expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  }
});

test('a caller that trusts us but shows no certificate does not connect', async () => {
  const { port, callers } = await serve();
  const client = new Client(`localhost:${port}`, credentials.createSsl(readFileSync(pool.caFile)));
  closers.push(() => client.close());
  const { path, requestSerialize, responseDeserialize } = getBlock;
  const failure = await new Promise((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, ASKED, resolve);
  });
  expect(failure).toMatchObject({ code: status.UNAVAILABLE });
  expect(callers).toEqual([]);
});

test('a client does not talk to a server of another authority', async () => {
  const { port, callers } = await serve();
  const misled = filesOf('misled', issue(ours, { dns: ['operator'] }), authority('stranger'));
  await expect(clientOf(port, misled).getBlock(ASKED)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(callers).toEqual([]);
});

/** The serial number of the certificate that a new connection is shown. */
function serialAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('renewed files are used by new connections, and a half-written renewal is not', async () => {
  const files = filesOf('renewed', issue(ours, { dns: ['localhost'] }));
  const server = new Server();
  closers.push(() => server.forceShutdown());
  const { log } = startedLifecycle().context;
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
    server.bindAsync('127.0.0.1:0', serverTls(files, log, 20), bound);
  });
  const first = await serialAt(port);
  const next = issue(ours, { dns: ['localhost'] });
  writeFileSync(files.certFile, next.certPem);
  for (let tries = 0; tries < 10; tries += 1) expect(await serialAt(port)).toBe(first);
  writeFileSync(files.keyFile, next.keyPem);
  await expect.poll(() => serialAt(port)).not.toBe(first);
});

test('files that do not belong together stop the start', () => {
  const mixed = { ...pool, keyFile: team.keyFile };
  expect(() => serverTls(mixed, startedLifecycle().context.log)).toThrow('is not the key of');
});
