import type { Clock } from '@assay/shared/kernel/clock';
import { step } from '@assay/shared/kernel/machine';
import { BLOCK, type Block, type BlockSighting, eventOf, MATURE_CONFIRMATIONS } from '../domain/block.ts';
import { blockReached } from '../edge-telemetry.ts';
import type { ChainNode } from '../node-port.ts';
import type { BlockChange, BlockPort, ReportFault } from '../ports.ts';

export interface FollowBlocksPorts {
  /** In order of preference: the first that knows a block decides. */
  readonly nodes: readonly ChainNode[];
  readonly blocks: BlockPort;
  readonly clock: Clock;
  readonly reportFault: ReportFault;
}

/** How many blocks beyond maturity an own block is looked at. */
export const FOLLOWED_DEPTH = 144;

/** Looks every block up that is not settled: at each new tip and each 10 s (01-pool section 10). */
export async function followBlocks(ports: FollowBlocksPorts, height: number): Promise<void> {
  const from = Math.max(0, height - MATURE_CONFIRMATIONS - FOLLOWED_DEPTH);
  for (const block of await ports.blocks.listTracked(from)) await followBlock(ports, block);
}

async function followBlock(ports: FollowBlocksPorts, block: Block): Promise<void> {
  const sighting = await look(ports, block);
  if (sighting === undefined) return;
  const now = ports.clock.now();
  const event = eventOf(block.state, sighting, now);
  const state = event === undefined ? undefined : step(BLOCK, block.state, event);
  const change = changeBy(block, sighting, state);
  if (change === undefined) return;
  const changed = await ports.blocks.change(block, change, now);
  if (changed !== undefined && state !== undefined && state !== block.state) blockReached(state);
}

/** What the nodes know now; undefined when none could be asked. */
async function look(
  { nodes, clock, reportFault }: FollowBlocksPorts,
  block: Block,
): Promise<BlockSighting | undefined> {
  let asked = false;
  for (const node of nodes) {
    try {
      const header = await node.header(block.hash);
      asked = true;
      if (header !== undefined) return { confirmations: header.confirmations };
    } catch (error) {
      reportFault('follow-blocks', error);
    }
  }
  return asked ? { confirmations: undefined, unknownSince: block.unknownSince ?? clock.now() } : undefined;
}

function changeBy(block: Block, sighting: BlockSighting, state: Block['state'] | undefined): BlockChange | undefined {
  const confirmations = sighting.confirmations ?? block.confirmations;
  const moved = state !== undefined && state !== block.state;
  const known = sighting.confirmations !== undefined;
  const newlyUnknown = !known && block.unknownSince === undefined;
  const knownAgain = known && block.unknownSince !== undefined;
  if (!moved && !newlyUnknown && !knownAgain && confirmations === block.confirmations) return undefined;
  return {
    confirmations,
    ...(moved ? { state } : {}),
    ...(newlyUnknown && sighting.unknownSince !== undefined ? { unknownSince: sighting.unknownSince } : {}),
    ...(knownAgain ? { unknownSince: null } : {}),
  };
}
