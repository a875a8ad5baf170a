import { messageOf } from '@assay/shared/kernel/fault-text';
import { type Bytes, reversed, toHex } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import type { PoolId } from '@assay/shared/kernel/ids';
import { readAgain } from '@assay/shared/kernel/read-again';
import { type Block, type BlockAnswer, meaningOf, refusedByAll } from '../domain/block.ts';
import { blockBytes } from '../domain/block-bytes.ts';
import { blockAnswered, blockReached, submitBlockSpan } from '../edge-telemetry.ts';
import type { ChainNode } from '../node-port.ts';
import type { BlockCandidate, BlockPort, Pause, ReportFault, SubmitCandidate, TemplateBodyPort } from '../ports.ts';
import { type BodyCache, readBody } from './body-cache.ts';

export interface SubmitBlockPorts {
  /** All of POOL_BITCOIND and POOL_BITCOIND_SUBMIT_ONLY. */
  readonly nodes: readonly ChainNode[];
  readonly blocks: BlockPort;
  readonly bodies: TemplateBodyPort;
  readonly cache: BodyCache;
  readonly clock: Clock;
  readonly reportFault: ReportFault;
  readonly pause: Pause;
  readonly poolId: PoolId;
}

const REMEMBERED_MAX = 1_000;
const ATTEMPTS_MAX = 600;
const RETRY_MS = 1_000;

/** J7: every candidate goes to every node at once, and into the database without waiting for their answers. */
export function createBlockSubmitter(ports: SubmitBlockPorts): SubmitCandidate {
  const submitted = new Set<string>();
  return (candidate) => {
    const hash = toHex(reversed(candidate.hash));
    if (submitted.has(hash)) return;
    submitted.add(hash);
    const [oldest] = submitted;
    if (submitted.size > REMEMBERED_MAX && oldest !== undefined) submitted.delete(oldest);
    const body = ports.cache.get(candidate.template.id);
    // In this turn of the loop when the body is at hand.
    const work = body === undefined ? submitFromStore(ports, candidate, hash) : submit(ports, candidate, hash, body);
    work.catch((error: unknown) => ports.reportFault('submit-block', error));
  };
}

async function submitFromStore(ports: SubmitBlockPorts, candidate: BlockCandidate, hash: string): Promise<void> {
  const body = await untilDone(ports, () => readBody(ports.bodies, candidate.template));
  await submit(ports, candidate, hash, body);
}

function submit(ports: SubmitBlockPorts, candidate: BlockCandidate, hash: string, body: Bytes): Promise<void> {
  const { template, header, extranonce } = candidate;
  return submitBlockSpan(template.height, async () => {
    const block = toHex(blockBytes(template, header, extranonce, body));
    const asked = ports.nodes.map((node) => answerOf(node, block));
    const found = foundBlock(ports, candidate, hash);
    await untilDone(ports, () => ports.blocks.insert(found));
    blockReached('submitted');
    await noteAnswers(ports, hash, await Promise.all(asked));
  });
}

/** While the database is away; a block that was submitted before this process ends is found by the scan of the next. */
async function untilDone<T>({ reportFault, pause }: SubmitBlockPorts, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      reportFault('submit-block', error);
      await pause(RETRY_MS);
    }
  }
}

async function answerOf(node: ChainNode, block: string): Promise<BlockAnswer> {
  const answer = await node.submitBlock(block).catch((error: unknown) => `fault: ${messageOf(error).slice(0, 200)}`);
  blockAnswered(meaningOf(answer));
  return { nodeId: node.id, answer };
}

function foundBlock({ poolId, clock }: SubmitBlockPorts, candidate: BlockCandidate, hash: string): Block {
  const { template, header, extranonce, lockingKey, worker } = candidate;
  const now = clock.now();
  return {
    ...{ hash, poolId, header, extranonce, lockingKey, worker, source: 'share', state: 'submitted' },
    ...{ height: template.height, templateId: template.id, reward: template.coinbaseValue },
    ...{ foundAt: now, updatedAt: now, confirmations: 0, answers: [], version: 1 },
  };
}

/** The tracker may change the block meanwhile: then it is read again. */
async function noteAnswers(ports: SubmitBlockPorts, hash: string, answers: readonly BlockAnswer[]): Promise<void> {
  await readAgain(`block ${hash}`, async () => {
    const block = await ports.blocks.find(hash);
    if (block === undefined) return undefined;
    const refused = block.state === 'submitted' && refusedByAll(answers, ports.nodes.length);
    const change = refused ? { answers, state: 'refused' as const } : { answers };
    if ((await ports.blocks.change(block, change, ports.clock.now())) === undefined) return 'stale';
    if (refused) blockReached('refused');
    return undefined;
  });
}
