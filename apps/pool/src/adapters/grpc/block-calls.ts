import { type BlockFound, BlockState } from '@assay/proto/gen/assay/pool/v1/events';
import type {
  Block as BlockMessage,
  GetBlockRequest,
  ListBlocksRequest,
} from '@assay/proto/gen/assay/pool/v1/pool_service';
import { fromHex, reversed, toHex } from '@assay/shared/kernel/bytes';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import type { Block, BlockState as State } from '../../domain/block.ts';
import type { BlockFilter, BlockPort } from '../../ports.ts';
import { hashTextOf, tokenNumber, tokenText } from './requests.ts';

export interface BlockCallPorts {
  readonly blocks: BlockPort;
  readonly blockFound: (block: Block) => BlockFound;
}

const STATES = {
  submitted: BlockState.BLOCK_STATE_SUBMITTED,
  refused: BlockState.BLOCK_STATE_REFUSED,
  chained: BlockState.BLOCK_STATE_CHAINED,
  mature: BlockState.BLOCK_STATE_MATURE,
  orphaned: BlockState.BLOCK_STATE_ORPHANED,
} as const;

export function blockCalls({ blocks, blockFound }: BlockCallPorts) {
  const message = (block: Block): BlockMessage => ({
    found: blockFound(block),
    state: STATES[block.state],
    confirmations: block.confirmations,
    answers: block.answers.map(({ nodeId, answer }) => ({ nodeId, answer })),
    updatedAtMs: BigInt(block.updatedAt),
  });
  return {
    async getBlock({ blockHash }: GetBlockRequest) {
      const hash = toHex(reversed(fromHex(hashTextOf(blockHash, 'block_hash'))));
      const block = await blocks.find(hash);
      if (block === undefined) throw new GrpcFault('BLOCK_UNKNOWN', `this pool found no block ${hash}`);
      return { block: message(block) };
    },
    async listBlocks(request: ListBlocksRequest) {
      const size = pageSize(request.pageSize);
      const found = await blocks.list(filterOf(request), size + 1);
      const page = found.slice(0, size);
      const last = found.length > size ? page.at(-1) : undefined;
      const token = last === undefined ? '' : encodePageToken({ height: String(last.height), hash: last.hash });
      return { blocks: page.map(message), nextPageToken: token };
    },
  };
}

function filterOf({ state, height, pageToken }: ListBlocksRequest): BlockFilter {
  const after = decodePageToken(pageToken);
  const names = Object.keys(STATES) as State[];
  const wanted = names.find((name) => STATES[name] === state);
  return {
    ...(wanted === undefined ? {} : { state: wanted }),
    ...(height === 0 ? {} : { height }),
    ...(pageToken === '' ? {} : { after: { height: tokenNumber(after['height']), hash: tokenText(after['hash']) } }),
  };
}
