import type { Clock } from '@assay/shared/kernel/clock';
import type { BitcoinNode, NodeStatus, Tip, Tips } from '../node-ports.ts';

const CATCH_UP_BLOCKS = 144;

/**
 * Records the node's tip, and the blocks that came with it since the last look, as first seen now. Of a chain that was
 * never looked at only the tip is recorded. Returns the blocks recorded (02-auditor section 1, tip tracker).
 */
export async function followTips(
  { clock, tips }: { readonly clock: Clock; readonly tips: Tips },
  node: BitcoinNode,
  status: NodeStatus,
): Promise<number> {
  if (await tips.knows(status.bestBlock)) return 0;
  const firstSeenMs = clock.now();
  const depth = (await tips.isEmpty()) ? 1 : CATCH_UP_BLOCKS;
  const found: Tip[] = [];
  let hash = status.bestBlock;
  while (found.length < depth && !(await tips.knows(hash))) {
    const parent = await node.parentOf(hash);
    if (parent === undefined) break;
    found.push({ hash, prev: parent.prev, height: parent.height, firstSeenMs });
    hash = parent.prev;
  }
  // The tip last: while it is unknown, a look that was cut short is repeated.
  for (const tip of found.reverse()) await tips.record(tip);
  return found.length;
}
