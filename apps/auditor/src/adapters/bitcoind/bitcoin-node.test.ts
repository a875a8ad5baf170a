import { describe, expect, it } from 'vitest';
import { countReply } from '../../domain/node-answers.ts';
import { bitcoinNode } from './bitcoin-node.ts';
import { RpcError } from './json-rpc.ts';

const BLOCK = Uint8Array.of(1);
const PREV = new Uint8Array(32);
const INFO = { chain: 'main', blocks: 1, bestblockhash: '0'.repeat(64), initialblockdownload: false };

/** A node that answers `getblocktemplate` with whatever a test says. */
function answering(answer: unknown) {
  const rpc = (method: string) => Promise.resolve(method === 'getblockchaininfo' ? INFO : answer);
  return bitcoinNode('node', rpc, 1_000);
}

const counted = async (answer: unknown) => countReply(await answering(answer).propose(BLOCK, PREV));

describe('the answer of a node to a proposal', () => {
  it('accepts only when it is a real null', async () => {
    expect(await counted(null)).toBe('VALID');
  });

  it.each([undefined, {}, [], 0, 1, true, false, 'null', { result: null }])(
    'that is no answer, %j, says nothing about the block',
    async (answer) => {
      expect(await counted(answer)).toBe('ABSTAINS');
    },
  );

  it.each(['bad-cb-amount', '', 'valid', 'NULL', ' null'])('that is another word, %j, refuses', async (answer) => {
    expect(await counted(answer)).toBe('INVALID');
  });

  it('is kept in 200 characters', async () => {
    expect(await answering('x'.repeat(100_000)).propose(BLOCK, PREV)).toEqual({ kind: 'word', word: 'x'.repeat(200) });
  });

  it.each([
    [-22, 'INVALID'],
    [-32_600, 'ABSTAINS'],
    [-25, 'ABSTAINS'],
  ])('that is RPC error %i counts as %s', async (code, as) => {
    const rpc = (method: string) =>
      method === 'getblockchaininfo' ? Promise.resolve(INFO) : Promise.reject(new RpcError(code, 'scripted'));
    expect(countReply(await bitcoinNode('node', rpc, 1_000).propose(BLOCK, PREV))).toBe(as);
  });
});

describe('the status of a node', () => {
  it.each([undefined, null, {}, { ...INFO, bestblockhash: 7 }, { ...INFO, blocks: '1' }, 'busy'])(
    'of strange types, %j, counts as out of reach',
    async (info) => {
      expect(await bitcoinNode('node', () => Promise.resolve(info), 1_000).status()).toBeUndefined();
    },
  );
});
