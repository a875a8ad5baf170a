import {
  type BatchAccepted,
  type BlockChanged,
  type BlockFound,
  BlockSource,
  BlockState,
  type Share,
  ShareRefused,
  type TemplateDeclared,
  TemplateSource,
} from '@assay/proto/gen/assay/pool/v1/events';
import { fromHex, reversed } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { outboxEntry, type OutboxEntry } from '@assay/shared/runtime/outbox';
import type { Batch, BatchTrace, SignedSeal } from '../../domain/batch.ts';
import type { Block } from '../../domain/block.ts';
import { targetOf } from '../../domain/difficulty.ts';
import { acceptedAtMs, extranonceOf, headerOf, type StoredShare } from '../../domain/share.ts';
import type { RefusedShare } from '../../flows/tell-refusals.ts';
import { EXTRANONCE_BYTES, EXTRANONCE_PREFIX_BYTES, type Template } from '../../domain/template.ts';

const BLOCK_STATES = {
  submitted: BlockState.BLOCK_STATE_SUBMITTED,
  refused: BlockState.BLOCK_STATE_REFUSED,
  chained: BlockState.BLOCK_STATE_CHAINED,
  mature: BlockState.BLOCK_STATE_MATURE,
  orphaned: BlockState.BLOCK_STATE_ORPHANED,
} as const;

const EMPTY = Buffer.alloc(0);

/** Outbox entries of the facts that the pool tells (01-pool section 12). */
export const poolEvents = {
  batchAccepted(batch: Batch, seal: SignedSeal, trace: BatchTrace | undefined): OutboxEntry {
    return outboxEntry('pool.batch.accepted', batchAcceptedMessage(batch, seal), seal.sealedAt, trace);
  },
  templateDeclared(template: Template): OutboxEntry {
    return outboxEntry('pool.template.declared', templateDeclaredMessage(template), template.declaredAt);
  },
  blockFound(block: Block): OutboxEntry {
    return outboxEntry('pool.block.found', blockFoundMessage(block), block.foundAt, undefined, blockEventId(block));
  },
  blockChanged(block: Block): OutboxEntry {
    const message = blockChangedMessage(block, block.updatedAt);
    return outboxEntry('pool.block.changed', message, block.updatedAt, undefined, blockEventId(block));
  },
};

/** The note of a refused share (01-pool section 12), encoded. */
export function shareRefusedNote(poolId: string, { worker, reason, atMs }: RefusedShare): Uint8Array {
  const lockingKey = hexBuffer(worker.lockingKey);
  return ShareRefused.encode({ poolId, lockingKey, worker: worker.name, reason, atMs: BigInt(atMs) }).finish();
}

/** `Nats-Msg-Id` of what happened to a block: `block:<hash>:<version>`. */
function blockEventId(block: Block): string {
  return `block:${block.hash}:${block.version}`;
}

/** The event, and what GetBatch shows of a sealed batch. */
function batchAcceptedMessage(batch: Batch, seal: SignedSeal): BatchAccepted {
  return {
    batchId: batch.batchId,
    poolId: batch.poolId,
    lockingKey: hexBuffer(batch.lockingKey),
    keySeq: seal.keySeq,
    templateId: hexBuffer(batch.templateId),
    assignedTarget: buffer(targetOf(batch.k)),
    creditShift: seal.creditShift,
    carryIn: seal.carryIn,
    carryOut: seal.carryOut,
    creditSum: seal.creditSum,
    shares: batch.shares.map((share, index) => shareMessage(share, seal.credits[index] ?? 0n)),
    sharesRoot: buffer(seal.sharesRoot),
    batchHash: buffer(seal.batchHash),
    poolSignature: buffer(seal.signature),
    windowStartMs: BigInt(batch.openedAt),
    windowEndMs: BigInt(seal.sealedAt),
    replacesBatchId: '',
  };
}

function shareMessage({ record }: StoredShare, credit: bigint): Share {
  return {
    header80: buffer(headerOf(record)),
    extranonce: buffer(extranonceOf(record)),
    credit,
    acceptedAtMs: acceptedAtMs(record),
  };
}

/** The event, and what GetTemplate shows of a template. */
function templateDeclaredMessage(template: Template): TemplateDeclared {
  return {
    templateId: hexBuffer(template.id),
    poolId: template.poolId,
    source: TemplateSource.TEMPLATE_SOURCE_POOL,
    declaredBy: EMPTY,
    version: template.version,
    versionMask: template.versionMask,
    prevHash: buffer(template.prevHash),
    bits: template.bits,
    height: template.height,
    minNtime: template.minNtime,
    coinbasePrefix: buffer(template.coinbasePrefix),
    coinbaseSuffix: buffer(template.coinbaseSuffix),
    extranonceSize: EXTRANONCE_BYTES,
    extranoncePrefixSize: EXTRANONCE_PREFIX_BYTES,
    merkleBranch: template.merkleBranch.map(buffer),
    txCount: template.txCount,
    bodyBytes: BigInt(template.bodyBytes),
    bodyHash: buffer(template.bodyHash),
    declaredAtMs: BigInt(template.declaredAt),
  };
}

function blockFoundMessage(block: Block): BlockFound {
  return {
    blockHash: buffer(reversed(fromHex(block.hash))),
    poolId: block.poolId,
    height: block.height,
    header80: buffer(block.header),
    extranonce: buffer(block.extranonce),
    templateId: hexBuffer(block.templateId),
    lockingKey: hexBuffer(block.lockingKey),
    worker: block.worker,
    reward: block.reward,
    foundAtMs: BigInt(block.foundAt),
    source: block.source === 'share' ? BlockSource.BLOCK_SOURCE_SHARE : BlockSource.BLOCK_SOURCE_SCAN,
  };
}

function blockChangedMessage(block: Block, at: UnixMs): BlockChanged {
  return {
    blockHash: buffer(reversed(fromHex(block.hash))),
    height: block.height,
    state: BLOCK_STATES[block.state],
    confirmations: block.confirmations,
    answers: block.answers.map(({ nodeId, answer }) => ({ nodeId, answer })),
    atMs: BigInt(at),
  };
}

function hexBuffer(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

/** The same bytes as the Buffer that generated types ask for. */
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The same renderings, for what shows the facts instead of telling them. */
export const poolMessages = {
  batchAccepted: batchAcceptedMessage,
  templateDeclared: templateDeclaredMessage,
  blockFound: blockFoundMessage,
};
