import { fromHex } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import type { PoolId } from '@assay/shared/kernel/ids';
import type { Payout } from '../domain/coinbase.ts';
import { readOwnCoinbase } from '../domain/read-coinbase.ts';
import { blockReached } from '../edge-telemetry.ts';
import type { ChainNode } from '../node-port.ts';
import type { BlockPort } from '../ports.ts';
import { FOLLOWED_DEPTH } from './follow-blocks.ts';

export interface ScanChainPorts {
  readonly node: ChainNode;
  readonly blocks: BlockPort;
  readonly clock: Clock;
  readonly poolId: PoolId;
  readonly payouts: readonly Payout[];
  readonly coinbaseTag: Uint8Array;
}

/** Mends a crash between submitting a block and storing it: looks for own coinbases in the last 144 blocks. */
export async function scanChain(ports: ScanChainPorts): Promise<number> {
  const { height } = await ports.node.state();
  let mended = 0;
  for (let at = height; at > 0 && at > height - FOLLOWED_DEPTH; at -= 1) {
    if (await mendBlock(ports, at)) mended += 1;
  }
  return mended;
}

async function mendBlock(ports: ScanChainPorts, height: number): Promise<boolean> {
  const { node, blocks, clock, poolId, payouts, coinbaseTag } = ports;
  const mined = await node.chainBlock(height);
  if (mined === undefined) return false;
  const own = readOwnCoinbase(fromHex(mined.coinbase), height, { payouts, tag: coinbaseTag });
  if (own === undefined || (await blocks.find(mined.hash)) !== undefined) return false;
  const now = clock.now();
  const inserted = await blocks.insert({
    ...{ hash: mined.hash, poolId, height, header: fromHex(mined.header), extranonce: own.extranonce },
    ...{ templateId: '', lockingKey: '', worker: '', reward: own.reward, foundAt: now, source: 'scan' },
    ...{ state: 'submitted', confirmations: 0, answers: [], updatedAt: now, version: 1 },
  });
  if (inserted) blockReached('submitted');
  return inserted;
}
