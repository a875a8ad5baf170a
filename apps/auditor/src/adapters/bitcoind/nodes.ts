import type { BitcoinNode } from '../../node-ports.ts';
import { bitcoinNode } from './bitcoin-node.ts';
import { jsonRpc } from './json-rpc.ts';

/** The auditor's bitcoin nodes, as configured. */
export function bitcoinNodes(
  nodes: readonly { id: string; url: string; credentials: string }[],
  timeoutMs: number,
): BitcoinNode[] {
  return nodes.map((node) => bitcoinNode(node.id, jsonRpc(node), timeoutMs));
}
