import { testContext, type TestContext } from '@assay/testkit/context';
import { type HttpOptions, startHttpServer } from '../src/adapters/http/http-server.ts';
import { renderPayload } from '../src/adapters/http/websocket/payloads.ts';
import type { MintApi } from '../src/adapters/http/routes.ts';
import type { ChangeNotes } from '../src/subscription-ports.ts';
import type { IssueRequest } from '../src/flows/issue-tokens.ts';
import type { SwapRequest } from '../src/domain/request.ts';
import { serveSubscriptions } from '../src/flows/serve-subscriptions.ts';
import { meltPorts } from './melting-mint.ts';
import { memoryBus } from './memory-notes.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { MINT_KEY, memoryMint, type MemoryMint } from './memory-mint.ts';

export interface HttpMint extends MemoryMint {
  readonly context: TestContext;
  readonly url: string;
  readonly notes: ChangeNotes;
  get(path: string): Promise<HttpReply>;
  post(path: string, body: unknown): Promise<HttpReply>;
}

export interface HttpReply {
  readonly status: number;
  readonly text: string;
  readonly json: { readonly [key: string]: unknown };
}

/** The memory mint behind its real HTTP server on a free port. */
export async function httpMint(
  options: Partial<HttpOptions> = {},
  { paid = 8n, replace = (api: MintApi): MintApi => api } = {},
): Promise<HttpMint> {
  const mint = memoryMint({ paid });
  const context = testContext({ clock: mint.clock });
  const identity = { name: 'test', pubkey: MINT_KEY, version: 'assay-mint/0.0.0' };
  const connections = { connectionsMax: 20_000, connectionsPerNetwork: 0 };
  const limits = { host: '127.0.0.1', port: 0, bodyBytesMax: 1_048_576, requestsPerMinute: 0, connections };
  const offered = { fundedUnits: new Set([SAT_UNIT]), depositUnits: [] };
  const api = replace({ ...mint.ports, ...meltPorts(mint), ...offered, identity });
  const notes = memoryBus().instance(renderPayload);
  const observed = { ...api, notes, render: renderPayload };
  const subscriptions = serveSubscriptions(observed);
  const { port } = await startHttpServer(context, { ...api, subscriptions }, { ...limits, ...options });
  const url = `http://127.0.0.1:${port}`;
  const post = (path: string, body: unknown) => {
    const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return reply(
      fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text }),
    );
  };
  return { ...mint, context, url, notes, get: (path) => reply(fetch(`${url}${path}`)), post };
}

async function reply(response: Promise<Response>): Promise<HttpReply> {
  const { status, ...rest } = await response.then(async (done) => ({ status: done.status, text: await done.text() }));
  return { status, text: rest.text, json: JSON.parse(rest.text) as HttpReply['json'] };
}

/** As a wallet would write it; amounts of tests are small. */
export function mintBody({ quoteId, outputs, signature }: IssueRequest) {
  return { quote: quoteId, outputs: outputs.map(outputBody), ...(signature === undefined ? {} : { signature }) };
}

export function swapBody({ inputs, outputs }: SwapRequest) {
  const proofs = inputs.map(({ amount, keyset, secret, c }) => ({ amount: Number(amount), id: keyset, secret, C: c }));
  return { inputs: proofs, outputs: outputs.map(outputBody) };
}

function outputBody({ amount, keyset, b }: IssueRequest['outputs'][number]) {
  return { amount: Number(amount), id: keyset, B_: b };
}
