import { z } from 'zod';
import { type Bytes, fromHex, reversed, toHex } from '@assay/shared/kernel/bytes';
import { ACCEPTED, NOT_BEST_PREV, type NodeReply } from '../../domain/node-answers.ts';
import type { BitcoinNode } from '../../node-ports.ts';
import { type Rpc, RpcError, RpcTimeout } from './json-rpc.ts';

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
const chainInfo = z.object({
  chain: z.string(),
  blocks: z.int(),
  bestblockhash: HASH,
  initialblockdownload: z.boolean(),
});
const headerInfo = z.object({ height: z.int(), previousblockhash: HASH.optional() });

const BLOCK_UNKNOWN = -5;
const IN_INITIAL_DOWNLOAD = -10;
const WORD_CHARACTERS_MAX = 200;
const NO_PARENT = '0'.repeat(64);

/** The display form of a hash is its bytes reversed. */
const turned = (hex: string) => toHex(reversed(fromHex(hex)));

/** One of the auditor's bitcoin nodes over JSON-RPC. */
export function bitcoinNode(id: string, rpc: Rpc, timeoutMs: number): BitcoinNode {
  const infoOf = async () => chainInfo.parse(await rpc('getblockchaininfo', [], timeoutMs));
  return {
    id,
    propose: async (block, prevHash) => {
      try {
        return await propose(rpc, timeoutMs, block, prevHash);
      } catch (error) {
        return replyOfFault(error);
      }
    },
    status: async () => {
      try {
        const info = await infoOf();
        const { blocks: height, initialblockdownload: initialBlockDownload } = info;
        return { bestBlock: turned(info.bestblockhash), height, initialBlockDownload };
      } catch {
        // Whatever it is, the node cannot be asked now; the circuit and its metric tell.
        return undefined;
      }
    },
    parentOf: async (blockHash) => {
      try {
        const header = headerInfo.parse(await rpc('getblockheader', [turned(blockHash)], timeoutMs));
        return { prev: turned(header.previousblockhash ?? NO_PARENT), height: header.height };
      } catch (error) {
        if (error instanceof RpcError && error.code === BLOCK_UNKNOWN) return undefined;
        throw error;
      }
    },
  };
}

async function propose(rpc: Rpc, timeoutMs: number, block: Bytes, prevHash: Bytes): Promise<NodeReply> {
  const info = chainInfo.parse(await rpc('getblockchaininfo', [], timeoutMs));
  if (info.initialblockdownload) return { kind: 'silent', why: 'initial-block-download' };
  const rules = info.chain === 'signet' ? ['segwit', 'signet'] : ['segwit'];
  const answer = await rpc('getblocktemplate', [{ mode: 'proposal', data: toHex(block), rules }], timeoutMs);
  const word = wordOf(answer);
  if (word !== NOT_BEST_PREV) return { kind: 'word', word };
  return { kind: 'word', word, knowsPrev: await knowsBlock(rpc, timeoutMs, prevHash) };
}

/**
 * Only a real null accepts. What is neither null nor a reason in words (no result at all, an object, a number) says nothing
 * about the block: it throws, and the node abstains.
 */
function wordOf(answer: unknown): string {
  if (answer === null) return ACCEPTED;
  if (typeof answer !== 'string' || answer === ACCEPTED) throw new TypeError('not an answer to a proposal');
  return answer.slice(0, WORD_CHARACTERS_MAX);
}

async function knowsBlock(rpc: Rpc, timeoutMs: number, hash: Bytes): Promise<boolean> {
  try {
    await rpc('getblockheader', [toHex(reversed(hash))], timeoutMs);
    return true;
  } catch (error) {
    if (error instanceof RpcError && error.code === BLOCK_UNKNOWN) return false;
    throw error;
  }
}

function replyOfFault(error: unknown): NodeReply {
  if (error instanceof RpcTimeout) return { kind: 'silent', why: 'timeout' };
  if (!(error instanceof RpcError)) return { kind: 'silent', why: 'transport-error' };
  if (error.code === IN_INITIAL_DOWNLOAD) return { kind: 'silent', why: 'initial-block-download' };
  return { kind: 'rpc-error', code: error.code };
}
