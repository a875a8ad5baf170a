import { createServer } from 'node:http';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { StartError } from '@assay/shared/runtime/start-error';

/** `GET /health` for load balancers before the Stratum port: 200 while the pool takes miners, else 503. Port 0: any. */
export async function serveHealth(context: ServiceContext, host: string, port: number): Promise<void> {
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 },
    (request, response) => {
      if (request.method !== 'GET' || request.url !== '/health') return void response.writeHead(404).end();
      void context.isReady().then((ready) => {
        response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify({ ready }));
      });
    },
  );
  server.maxConnections = 256;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const remedy = 'end the process that holds it, or configure another port';
      reject(new StartError({ what: `port ${port} for HTTP cannot be opened`, why: error.message, remedy }, error));
    });
    server.listen(port, host, resolve);
  });
  context.onStop('telemetry', 'HTTP', () => {
    server.close();
    server.closeAllConnections();
  });
}
