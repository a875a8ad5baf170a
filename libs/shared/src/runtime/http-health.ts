import { createServer, type ServerResponse } from 'node:http';
import { metricsText } from './metrics.ts';
import type { Readiness, ServiceContext } from './service-context.ts';
import { StartError } from './start-error.ts';

/**
 * Plain HTTP for probes and Prometheus: `/livez`, `/readyz` (JSON that names each probe's answer; 503 while one is
 * false) and `/metrics`. It answers through the whole drain. Port 0 takes a free one; returns the port.
 */
export async function startHttpHealth(
  context: ServiceContext,
  options: { readonly port: number; readonly report: () => Promise<Readiness> },
): Promise<number> {
  const routes: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/livez': async (response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n'),
    '/readyz': async (response) => {
      const report = await options.report();
      const headers = { 'content-type': 'application/json' };
      response.writeHead(report.ready ? 200 : 503, headers).end(`${JSON.stringify(report)}\n`);
    },
    '/metrics': async (response) => {
      const { contentType, text } = await metricsText();
      response.writeHead(200, { 'content-type': contentType }).end(text);
    },
  };
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 },
    (request, response) => {
      const route = routes[request.url ?? ''];
      if (request.method !== 'GET' || route === undefined) return void response.writeHead(404).end();
      route(response).catch((error: unknown) => {
        context.log.error({ err: error, url: request.url }, 'a health request failed');
        response.destroy();
      });
    },
  );
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portFault(options.port, error)));
    server.listen(options.port, resolve);
  });
  context.onStop('telemetry', 'health over HTTP', () => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;
  context.log.info({ port }, 'health and metrics are served');
  return port;
}

function portFault(port: number, error: Error): StartError {
  return new StartError(
    {
      what: `port ${port} for metrics and health cannot be opened`,
      why: error.message,
      remedy: 'end the process that holds it, or configure another port',
    },
    error,
  );
}
