import { createLogger } from '@assay/shared/runtime/log';
import { metricsText } from '@assay/shared/runtime/metrics';
import { inSpan } from '@assay/shared/runtime/telemetry';
import { startTracing } from '@assay/shared/runtime/tracing';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';

const log = createLogger({ service: 'pool', instance: 'pool-1', level: 'silent' });

/** An OTLP/HTTP collector that keeps what it is sent. */
async function collector(status: number) {
  const received: { url: string | undefined; type: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('latin1');
      received.push({ url: request.url, type: request.headers['content-type'], body });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { received, endpoint: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

test('spans reach a collector by the stop at the latest, with service and instance', async () => {
  const { received, endpoint, close } = await collector(200);
  const tracing = startTracing({ service: 'pool', instance: 'pool-1', endpoint, ratio: 1, log });
  await inSpan('pool.judge-share', { attributes: { result: 'accepted' } }, () => Promise.resolve());
  await tracing.stop();
  close();
  expect(received).toEqual([
    { url: '/v1/traces', type: 'application/x-protobuf', body: expect.stringContaining('pool.judge-share') },
  ]);
  expect(received[0]?.body).toMatch(/service\.name.*pool[^]*service\.instance\.id.*pool-1/s);
});

test('a collector that refuses costs spans and a count, and nothing else', async () => {
  const { received, endpoint, close } = await collector(400);
  const tracing = startTracing({ service: 'pool', instance: 'pool-1', endpoint, ratio: 1, log });
  expect(await inSpan('lost', {}, () => Promise.resolve('kept'))).toBe('kept');
  await expect.poll(() => received.length).toBe(1);
  await tracing.stop();
  close();
  expect((await metricsText()).text).toContain('assay_telemetry_export_faults_total 1');
});
