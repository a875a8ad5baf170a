import { randomBytes } from 'node:crypto';
import { type Bytes, concat, fromHex, reversed, toHex, u32le, u64 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import type { NodeTemplate } from '@assay/testkit/hostile-template';
import { type BitcoindServer, startBitcoind } from '@assay/testkit/servers';

const MATURE_AFTER = 100;
const FEE = 10_000n;
const OP_TRUE = Uint8Array.of(0x51);
/** P2WSH of OP_TRUE: standard, with a witness, and anybody may spend it. */
const ANYBODY = concat(Uint8Array.of(0x00, 0x20), sha256(OP_TRUE));
const HOUR_S = 3_600;

/** A real bitcoind whose mempool holds transactions with witnesses; regtest, where blocks that pay for them cost nothing. */
export async function startPayingChain(transactions: number): Promise<BitcoindServer> {
  const node = await startBitcoind({ chain: 'regtest' });
  const start = Math.floor(Date.now() / 1_000) - HOUR_S;
  // Blocks made all at once are dated ahead of the clock, which would make every share of today too old.
  await node.rpc('setmocktime', start);
  await extendChain(node, MATURE_AFTER + transactions);
  await node.rpc('setmocktime', 0);
  for (let height = 1; height <= transactions; height += 1) await spendCoinbase(node, height);
  return node;
}

/** Blocks on top, which replace what is being mined now. */
export async function extendChain(node: BitcoindServer, blocks: number): Promise<void> {
  await node.rpc('generatetodescriptor', blocks, `raw(${toHex(ANYBODY)})`);
}

/** What the node would have mined now. */
export async function nodeTemplate(node: BitcoindServer): Promise<NodeTemplate> {
  return (await node.rpc('getblocktemplate', { rules: ['segwit'] })) as NodeTemplate;
}

interface BlockOfNode {
  readonly tx: readonly { readonly txid: string; readonly vout: readonly { readonly value: number }[] }[];
}

async function spendCoinbase(node: BitcoindServer, height: number): Promise<void> {
  const hash = await node.rpc('getblockhash', height);
  const { tx } = (await node.rpc('getblock', hash, 2)) as BlockOfNode;
  const [coinbase] = tx;
  if (coinbase === undefined) throw new Error('a block without coinbase');
  const value = BigInt(Math.round((coinbase.vout[0]?.value ?? 0) * 1e8));
  await node.rpc('sendrawtransaction', toHex(spend(reversed(fromHex(coinbase.txid)), value - FEE)));
}

function spend(txid: Bytes, value: bigint): Bytes {
  const input = concat(Uint8Array.of(1), txid, u32le(0), Uint8Array.of(0), u32le(0xffff_fffd));
  const output = concat(Uint8Array.of(1), reversed(u64(value)), Uint8Array.of(22, 0, 20), randomBytes(20));
  const witness = concat(Uint8Array.of(1, 1), OP_TRUE);
  return concat(u32le(2), Uint8Array.of(0, 1), input, output, witness, u32le(0));
}
