import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';

/** Largest answer that is read; a template of 4,000,000 weight units is below 10 MiB as JSON. */
const ANSWER_BYTES_MAX = 64 * 1_048_576;

export interface RpcEndpoint {
  readonly url: string;
  /** File with `user:password` (a node's cookie file has this form too); read again at each call. */
  readonly credentialsFile: string;
}

/** The node answered and said no: `code` and `message` are its own. */
export class RpcRefusal extends Error {
  override readonly name = 'RpcRefusal';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface RpcClient {
  /** Throws RpcRefusal when the node says no, any other Error when it cannot be asked or answers too late. */
  call(
    method: string,
    params: readonly unknown[],
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<unknown>;
  close(): void;
}

/** JSON-RPC 1.0 over HTTP with connections kept open. */
export function rpcClient(endpoint: RpcEndpoint): RpcClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return {
    async call(method, params, { timeoutMs, signal }) {
      const credentials = (await readFile(endpoint.credentialsFile, 'utf8')).trim();
      const limits = [AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
      const body = JSON.stringify({ jsonrpc: '1.0', id: method, method, params });
      const text = await post({ url: endpoint.url, agent, credentials, body, signal: AbortSignal.any(limits) });
      return resultOf(method, text);
    },
    close: () => agent.destroy(),
  };
}

interface Post {
  readonly url: string;
  readonly agent: Agent;
  readonly credentials: string;
  readonly body: string;
  readonly signal: AbortSignal;
}

function post({ url, agent, credentials, body, signal }: Post): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const call = request(url, { method: 'POST', agent, auth: credentials, headers, signal }, (response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error(`answer of more than ${ANSWER_BYTES_MAX} bytes`));
      else parts.push(part);
    });
    response.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      if (response.statusCode === 401) reject(new Error('the node refuses the credentials'));
      else if (response.statusCode === 503) reject(new Error(`the node is busy: ${text.slice(0, 100)}`));
      else resolve(text);
    });
    response.on('error', reject);
  });
  call.on('error', reject);
  call.end(body);
  return promise;
}

function resultOf(method: string, text: string): unknown {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== 'object' || answer === null) throw new Error(`${method}: no JSON-RPC answer`);
  const refusal = 'error' in answer ? answer.error : null;
  if (refusal !== null && refusal !== undefined) throw refusalOf(refusal);
  return 'result' in answer ? answer.result : null;
}

function refusalOf(refusal: unknown): RpcRefusal {
  const fields = typeof refusal === 'object' && refusal !== null ? refusal : {};
  const code = 'code' in fields && typeof fields.code === 'number' ? fields.code : 0;
  const message = 'message' in fields && typeof fields.message === 'string' ? fields.message : 'no message';
  return new RpcRefusal(code, message);
}
