import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';

/** What a node answers to a proposal: its word, null, an RPC error code, or nothing at all. */
export type ProposalAnswer = string | null | { code: number } | 'hang';

/** A JSON-RPC server that says what a test told it to; nothing of Bitcoin is checked. */
export interface ScriptedNode {
  readonly id: string;
  readonly url: string;
  /** Answer to every proposal from now on. */
  answer: ProposalAnswer;
  initialBlockDownload: boolean;
  /** Display hashes of blocks that the node knows, with their parents. */
  readonly blocks: Map<string, { prev: string; height: number }>;
  best: string;
  /** Block hex of every proposal asked so far. */
  proposals: string[];
  /** Refuses connections until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

export async function startScriptedNode(id: string): Promise<ScriptedNode> {
  const genesis = randomBytes(32).toString('hex');
  const hanging = new Set<() => void>();
  const state = {
    id,
    answer: null as ProposalAnswer,
    initialBlockDownload: false,
    blocks: new Map([[genesis, { prev: '0'.repeat(64), height: 840_000 }]]),
    best: genesis,
    proposals: [] as string[],
  };
  let server = await listen(0);
  const port = (server.address() as AddressInfo).port;

  async function listen(at: number): Promise<Server> {
    const fresh = createServer((request, response) => {
      void readCall(request).then((call) => {
        const result = answerTo(call);
        if (result === 'hang') {
          hanging.add(() => response.destroy());
          return;
        }
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: call.id, ...result }));
      });
    });
    await new Promise<void>((resolve) => fresh.listen(at, '127.0.0.1', resolve));
    return fresh;
  }

  function answerTo({ method, params }: Call): 'hang' | { result: unknown; error: unknown } {
    const ok = (result: unknown) => ({ result, error: null });
    const unknownBlock = { result: null, error: { code: -5, message: 'Block not found' } };
    if (method === 'getblockchaininfo') {
      const { best: bestblockhash, initialBlockDownload: initialblockdownload } = state;
      return ok({
        chain: 'main',
        blocks: state.blocks.get(bestblockhash)?.height ?? 0,
        bestblockhash,
        initialblockdownload,
      });
    }
    if (method === 'getblockheader') {
      const block = state.blocks.get(String(params[0]));
      return block ? ok({ height: block.height, previousblockhash: block.prev }) : unknownBlock;
    }
    state.proposals.push(dataOf(params[0]));
    const { answer } = state;
    if (answer === 'hang') return 'hang';
    if (typeof answer === 'string' || answer === null) return ok(answer);
    return { result: null, error: { code: answer.code, message: 'scripted' } };
  }

  const down = () =>
    new Promise<void>((resolve) => {
      for (const end of hanging) end();
      hanging.clear();
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    down,
    up: async () => {
      server = await listen(port);
    },
    stop: down,
  });
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Call;
}

function dataOf(argument: unknown): string {
  return typeof argument === 'object' && argument !== null && 'data' in argument ? String(argument.data) : '';
}
