import type { BitcoinNode, Circuit, NodeStatus } from '../node-ports.ts';

/** What came of a look at one node. */
export interface Look {
  readonly status: NodeStatus | undefined;
  /** Enough nodes are healthy again. */
  readonly closed: boolean;
  /** No longer enough nodes are healthy. */
  readonly opened: boolean;
}

/**
 * Health of the bitcoin nodes as this process sees it. A node is healthy while it answers and is not in initial block
 * download; before the first look none is (02-auditor section 5, circuit).
 */
export function watchNodes(
  nodes: readonly BitcoinNode[],
  quorum: number,
): Circuit & { look(node: BitcoinNode): Promise<Look> } {
  const healthy = new Set<string>();
  const isOpen = () => nodes.filter(({ id }) => healthy.has(id)).length < quorum;
  return {
    isOpen,
    look: async (node) => {
      const status = await node.status();
      const before = isOpen();
      if (status !== undefined && !status.initialBlockDownload) healthy.add(node.id);
      else healthy.delete(node.id);
      const after = isOpen();
      return { status, closed: before && !after, opened: !before && after };
    },
  };
}
