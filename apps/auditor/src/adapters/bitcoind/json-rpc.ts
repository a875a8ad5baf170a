import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';

const ANSWER_BYTES_MAX = 1_048_576;

/** The node answered with an RPC error. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The node did not answer in time. */
export class RpcTimeout extends Error {
  override readonly name = 'RpcTimeout';
}

const answerSchema = z.object({
  result: z.unknown(),
  error: z.object({ code: z.number(), message: z.string() }).nullish(),
});

/** Calls one method; throws RpcError, RpcTimeout, or the fault of the connection. */
export type Rpc = (method: string, params: readonly unknown[], timeoutMs: number) => Promise<unknown>;

/** JSON-RPC of one bitcoind. @param place.credentials path of a file with `user:password`, read at each call. */
export function jsonRpc(place: { url: string; credentials: string }): Rpc {
  return async (method, params, timeoutMs) => {
    const body = JSON.stringify({ jsonrpc: '1.0', id: 'auditor', method, params });
    const text = await post(new URL(place.url), readCredentials(place.credentials), body, timeoutMs);
    const answer = answerSchema.parse(JSON.parse(text));
    if (answer.error) throw new RpcError(answer.error.code, answer.error.message);
    return answer.result;
  };
}

function readCredentials(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

/** A connection for each call: bitcoind closes idle ones under a client that is about to use them. */
function post(url: URL, auth: string, body: string, timeoutMs: number): Promise<string> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request(url, { method: 'POST', auth, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > ANSWER_BYTES_MAX) call.destroy(new Error('the node answers more than it should'));
      });
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      response.on('error', reject);
    });
    const timer = setTimeout(() => call.destroy(new RpcTimeout(`no answer in ${timeoutMs} ms`)), timeoutMs);
    call.on('error', reject);
    call.on('close', () => clearTimeout(timer));
    call.end(body);
  });
}
