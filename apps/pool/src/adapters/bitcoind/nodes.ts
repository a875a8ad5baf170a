import type { ServiceContext } from '@assay/shared/runtime/service';
import type { ChainNode } from '../../node-port.ts';
import { bitcoindNode } from './node.ts';

// `signet` is asked for on every chain: a node ignores the rules of other chains, and refuses to work without its own.
const RULES = ['segwit', 'signet'];

/** The nodes of a list as in POOL_BITCOIND; their connections close at stage `database`. */
export function bitcoindNodes(
  context: ServiceContext,
  list: readonly { readonly id: string; readonly url: string; readonly credentials: string }[],
): ChainNode[] {
  return list.map(({ id, url, credentials }) => {
    const node = bitcoindNode({ id, url, credentialsFile: credentials }, RULES);
    context.onStop('database', `node ${id}`, () => node.close());
    return node;
  });
}
