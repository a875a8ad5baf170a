import type { ChainBlock, ChainNode, KnownHeader, NodeState } from '../../node-port.ts';
import { rpcClient, type RpcClient, type RpcEndpoint, RpcRefusal } from './rpc.ts';

export interface NodeEndpoint extends RpcEndpoint {
  readonly id: string;
}

export interface BitcoindNode extends ChainNode {
  close(): void;
}

/** A call that takes longer counts as failed (01-pool section 3). */
const LATE_MS = 5_000;
const SUBMIT_MS = 60_000;
/** A long poll that brings nothing for this long is begun anew. */
const LONG_POLL_MS = 120_000;
const INVALID_ADDRESS_OR_KEY = -5;
const INVALID_PARAMETER = -8;

/** A bitcoind by JSON-RPC. @param rules of getblocktemplate, such as `segwit` */
export function bitcoindNode(endpoint: NodeEndpoint, rules: readonly string[]): BitcoindNode {
  const rpc = rpcClient(endpoint);
  const ask = (method: string, ...params: readonly unknown[]) => rpc.call(method, params, { timeoutMs: LATE_MS });
  return {
    id: endpoint.id,
    template(longPoll) {
      const request = { rules, ...(longPoll === undefined ? {} : { longpollid: longPoll.id }) };
      const limits =
        longPoll === undefined ? { timeoutMs: LATE_MS } : { timeoutMs: LONG_POLL_MS, signal: longPoll.signal };
      return rpc.call('getblocktemplate', [request], limits);
    },
    bestBlockHash: async () => textOf(await ask('getbestblockhash'), 'getbestblockhash'),
    state: async () => stateOf(await ask('getblockchaininfo')),
    submitBlock: (block) => submit(rpc, block),
    header: (hash) => unlessUnknown(async () => headerOf(await ask('getblockheader', hash, true))),
    chainBlock: (height) => unlessUnknown(() => chainBlockAt(ask, height)),
    close: () => rpc.close(),
  };
}

async function submit(rpc: RpcClient, block: string): Promise<string> {
  try {
    const answer = await rpc.call('submitblock', [block], { timeoutMs: SUBMIT_MS });
    return answer === null ? 'null' : textOf(answer, 'submitblock');
  } catch (error) {
    if (error instanceof RpcRefusal) return `error ${error.code}: ${error.message}`.slice(0, 200);
    throw error;
  }
}

async function unlessUnknown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const unknown = error instanceof RpcRefusal && [INVALID_ADDRESS_OR_KEY, INVALID_PARAMETER].includes(error.code);
    if (unknown) return undefined;
    throw error;
  }
}

type Ask = (method: string, ...params: readonly unknown[]) => Promise<unknown>;

async function chainBlockAt(ask: Ask, height: number): Promise<ChainBlock> {
  const hash = textOf(await ask('getblockhash', height), 'getblockhash');
  const header = textOf(await ask('getblockheader', hash, false), 'getblockheader');
  const { tx, time } = fieldsOf(await ask('getblock', hash, 1), 'getblock');
  const [coinbaseId]: readonly unknown[] = Array.isArray(tx) ? tx : [];
  const coinbase = textOf(await ask('getrawtransaction', coinbaseId, false, hash), 'getrawtransaction');
  return { hash, height, time: numberOf(time, 'getblock'), header, coinbase };
}

function stateOf(answer: unknown): NodeState {
  const { blocks, initialblockdownload } = fieldsOf(answer, 'getblockchaininfo');
  return { height: numberOf(blocks, 'getblockchaininfo'), initialDownload: initialblockdownload === true };
}

function headerOf(answer: unknown): KnownHeader {
  const { height, confirmations } = fieldsOf(answer, 'getblockheader');
  return { height: numberOf(height, 'getblockheader'), confirmations: numberOf(confirmations, 'getblockheader') };
}

function fieldsOf(answer: unknown, method: string): Readonly<Record<string, unknown>> {
  if (typeof answer !== 'object' || answer === null) throw new Error(`${method}: not an object`);
  return answer as Readonly<Record<string, unknown>>;
}

function textOf(answer: unknown, method: string): string {
  if (typeof answer !== 'string') throw new Error(`${method}: not a text`);
  return answer;
}

function numberOf(answer: unknown, method: string): number {
  if (typeof answer !== 'number') throw new Error(`${method}: not a number`);
  return answer;
}
