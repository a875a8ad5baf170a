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

type Script = Pick<ScriptedNode, 'answer' | 'initialBlockDownload' | 'blocks' | 'best' | 'proposals'>;

export async function startScriptedNode(id: string): Promise<ScriptedNode> {
  const genesis = randomBytes(32).toString('hex');
  const script: Script = {
    answer: null,
    initialBlockDownload: false,
    blocks: new Map([[genesis, { prev: '0'.repeat(64), height: 840_000 }]]),
    best: genesis,
    proposals: [],
  };
  const hanging = new Set<() => void>();
  let server = await listen(script, hanging, 0);
  const { port } = server.address() as AddressInfo;
  const down = () =>
    new Promise<void>((resolve) => {
      for (const end of hanging) end();
      hanging.clear();
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const up = async () => {
    server = await listen(script, hanging, port);
  };
  // The script itself, so that a test can rewrite it.
  return Object.assign(script, { id, url: `http://127.0.0.1:${port}`, down, up, stop: down });
}

async function listen(script: Script, hanging: Set<() => void>, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    void readCall(request).then((call) => {
      const result = answerTo(script, call);
      if (result === 'hang') hanging.add(() => response.destroy());
      else response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: call.id, ...result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

type Answer = 'hang' | { result: unknown; error: unknown };
const ok = (result: unknown): Answer => ({ result, error: null });

function answerTo(script: Script, { method, params }: Call): Answer {
  if (method === 'getblockchaininfo') return ok(chainInfo(script));
  if (method === 'getblockheader') {
    const block = script.blocks.get(String(params[0]));
    const unknown = { result: null, error: { code: -5, message: 'Block not found' } };
    return block ? ok({ height: block.height, previousblockhash: block.prev }) : unknown;
  }
  script.proposals.push(dataOf(params[0]));
  const { answer } = script;
  if (answer === 'hang') return 'hang';
  if (typeof answer === 'string' || answer === null) return ok(answer);
  return { result: null, error: { code: answer.code, message: 'scripted' } };
}

function chainInfo({ best: bestblockhash, blocks: known, initialBlockDownload: initialblockdownload }: Script) {
  const blocks = known.get(bestblockhash)?.height ?? 0;
  return { chain: 'main', blocks, bestblockhash, initialblockdownload };
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Call;
}

function dataOf(argument: unknown): string {
  return typeof argument === 'object' && argument !== null && 'data' in argument ? String(argument.data) : '';
}
