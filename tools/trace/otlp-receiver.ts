import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { decodeExportRequest, type ReceivedSpan } from './otlp-decode.ts';

export interface OtlpReceiver {
  readonly url: string;
  /** Spans of one trace, in the order of arrival. */
  trace(traceId: string): readonly ReceivedSpan[];
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 16 * 1_048_576;

/**
 * A small OTLP/HTTP receiver that keeps the last traces in memory.
 * `POST /v1/traces` takes protobuf; `GET /traces` lists ids, `GET /traces/<id>` gives the spans of one as JSON.
 */
export async function startOtlpReceiver(options: { port: number; keepTraces?: number }): Promise<OtlpReceiver> {
  const traces = new Map<string, ReceivedSpan[]>();
  const keep = options.keepTraces ?? 2_000;
  const take = (span: ReceivedSpan) => {
    const known = traces.get(span.traceId);
    if (known !== undefined) return void known.push(span);
    traces.set(span.traceId, [span]);
    const oldest = traces.keys().next();
    if (traces.size > keep && oldest.done !== true) traces.delete(oldest.value);
  };
  const server = createServer((request, response) => {
    handle(request, response, traces, take).catch(() => response.writeHead(400).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    trace: (traceId) => traces.get(traceId) ?? [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  traces: ReadonlyMap<string, readonly ReceivedSpan[]>,
  take: (span: ReceivedSpan) => void,
): Promise<void> {
  const path = request.url ?? '/';
  if (request.method === 'POST' && path === '/v1/traces') {
    decodeExportRequest(await readBody(request)).forEach(take);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    return;
  }
  const traceId = /^\/traces\/([0-9a-f]{32})$/.exec(path)?.[1];
  if (traceId !== undefined) return answerJson(response, traces.get(traceId) ?? []);
  if (path === '/traces') return answerJson(response, [...traces.keys()]);
  response.writeHead(404).end();
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > BODY_BYTES_MAX) throw new Error('the body is larger than a receiver takes');
    chunks.push(bytes);
  }
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body, { maxOutputLength: BODY_BYTES_MAX }) : body;
}

function answerJson(response: ServerResponse, value: unknown): void {
  const text = JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}
