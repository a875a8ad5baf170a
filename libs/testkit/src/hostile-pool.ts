import { type BatchAccepted, type Share, type TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { type Bytes, fromHex, toHex } from '@assay/shared/kernel/bytes';
import { publicKeyOf, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { GrpcFault, GrpcStatusFault, implement, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { type Bus, connectNats, ensureStreams, publishEvent, publishMessage } from '@assay/shared/runtime/nats';
import type { TraceContext } from '@assay/shared/runtime/telemetry';
import { randomBytes } from 'node:crypto';
import { testContext } from './context.ts';
import { type KeyHead, mineShare, type Mining, nextBatch, sealBatch } from './hostile-batch.ts';
import { buildTemplate, type BuiltTemplate, honestParts, type TemplateParts } from './hostile-template.ts';

export interface HostilePoolOptions {
  readonly natsUrl: string;
  readonly poolId?: string;
  readonly creditShift?: number;
  /** The key that mint and auditor know the pool by; a fresh one when left out. */
  readonly poolSecret?: Bytes;
  /** Output script that pays the pool. */
  readonly script?: Bytes;
  /** Where GetTemplateBody is answered; a free port when left out. */
  readonly grpcPort?: number;
}

export interface Miner {
  /** Compressed, 33 bytes. */
  readonly lockingKey: Bytes;
  readonly secret: Bytes;
}

/** How the body of a template is answered. */
export type BodyManner = 'whole' | 'gone' | 'breaks-once' | 'breaks' | 'too-long' | 'other-bytes';

/**
 * A pool that holds the pool's key, and lies wherever a test wants: it builds templates, really mines shares at easy
 * targets, signs batches, publishes both, and serves GetTemplateBody. Honest unless told otherwise.
 */
export interface HostilePool {
  readonly poolId: string;
  /** x-only, hex. */
  readonly poolKey: string;
  readonly poolSecret: Bytes;
  readonly creditShift: number;
  /** Output script that pays the pool. */
  readonly script: Bytes;
  /** Where GetTemplateBody is answered. */
  readonly grpcUrl: string;
  readonly bus: Bus;
  newMiner(): Miner;
  parts(change?: Partial<TemplateParts>): TemplateParts;
  /** Builds and declares; `change` edits the event before its id follows from it. */
  declare(
    parts?: TemplateParts,
    options?: {
      change?: (declared: TemplateDeclared) => Partial<TemplateDeclared>;
      body?: BodyManner;
      trace?: TraceContext;
    },
  ): Promise<TemplateDeclared>;
  /** Builds without telling anybody. */
  build(parts: TemplateParts, change?: (declared: TemplateDeclared) => Partial<TemplateDeclared>): BuiltTemplate;
  mine(template: TemplateDeclared, count: number, mining?: Mining): Share[];
  /** The next batch of the miner, signed; `change` edits it before it is signed. The key's head moves on. */
  batch(
    miner: Miner,
    template: TemplateDeclared,
    shares: readonly Share[],
    change?: (batch: BatchAccepted) => BatchAccepted,
    options?: { target?: Bytes; keepRoot?: boolean },
  ): BatchAccepted;
  publish(batch: BatchAccepted, options?: { trace?: TraceContext; messageId?: string }): Promise<void>;
  /** Publishes bytes as if they were an event. */
  publishRaw(subject: string, bytes: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

const CHUNK_BYTES = 65_536;

export async function startHostilePool(options: HostilePoolOptions): Promise<HostilePool> {
  const context = testContext({ name: 'hostile-pool' });
  const bus = await connectNats(context, { url: options.natsUrl });
  await ensureStreams(bus, 'pool', ['POOL']);
  const bodies = new Map<string, { body: Bytes; manner: BodyManner; asked: number }>();
  const port = await serveBodies(context, bodies, options.grpcPort ?? 0);
  const poolSecret = options.poolSecret ?? randomBytes(32);
  const poolId = options.poolId ?? 'hostile-1';
  const creditShift = options.creditShift ?? 4;
  const script = options.script ?? fromHex(`0014${toHex(randomBytes(20))}`);
  const heads = new Map<string, KeyHead>();

  return {
    ...{ poolId, poolSecret, creditShift, script, bus },
    poolKey: toHex(xOnlyPublicKeyOf(poolSecret)),
    grpcUrl: `127.0.0.1:${port}`,
    newMiner: () => {
      const secret = randomBytes(32);
      return { secret, lockingKey: publicKeyOf(secret) };
    },
    parts: (change) => ({ ...honestParts({ poolId, script }), ...change }),
    build: buildTemplate,
    declare: async (parts, { change, body = 'whole', trace } = {}) => {
      const built = buildTemplate(parts ?? honestParts({ poolId, script }), change);
      bodies.set(toHex(built.declared.templateId), { body: built.body, manner: body, asked: 0 });
      await publishEvent(bus, 'pool.template.declared', built.declared, trace === undefined ? {} : { trace });
      return built.declared;
    },
    mine: (template, count, mining) => Array.from({ length: count }, () => mineShare(template, mining)),
    batch: (miner, template, shares, change = (batch) => batch, { target, keepRoot = false } = {}) => {
      const key = toHex(miner.lockingKey);
      const head = heads.get(key) ?? { keySeq: 0n, carry: 0n };
      const parts = { poolId, lockingKey: miner.lockingKey, template, shares };
      const honest = nextBatch(head, parts, { creditShift, ...(target === undefined ? {} : { target }) });
      heads.set(key, { keySeq: honest.keySeq, carry: honest.carryOut });
      return sealBatch(change(honest), poolSecret, { keepRoot });
    },
    publish: async (batch, { trace, messageId } = {}) => {
      const id = messageId === undefined ? {} : { id: messageId };
      await publishEvent(bus, 'pool.batch.accepted', batch, { ...id, ...(trace === undefined ? {} : { trace }) });
    },
    publishRaw: async (subject, body) => {
      await publishMessage(bus, { id: toHex(randomBytes(16)), subject, body });
    },
    stop: () => context.stop(),
  };
}

type Bodies = ReadonlyMap<string, { readonly body: Bytes; readonly manner: BodyManner; asked: number }>;

async function serveBodies(
  context: Parameters<typeof startGrpcServer>[0],
  bodies: Bodies,
  grpcPort: number,
): Promise<number> {
  const refuse = (): never => {
    throw new GrpcStatusFault('UNIMPLEMENTED', 'a hostile pool answers nothing else');
  };
  const implementation = implement(PoolServiceService, {
    getTemplateBody: ({ templateId, offset }) => streamBody(bodies, toHex(templateId), Number(offset)),
    getPoolStats: async () => refuse(),
    getMiner: async () => refuse(),
    listWorkers: async () => refuse(),
    getBatch: async () => refuse(),
    listBatches: async () => refuse(),
    getTemplate: async () => refuse(),
    listTemplates: async () => refuse(),
    listBlocks: async () => refuse(),
    getBlock: async () => refuse(),
  });
  return startGrpcServer(context, { port: grpcPort, implementations: [implementation], allowUnauthenticated: true });
}

async function* streamBody(bodies: Bodies, templateId: string, offset: number) {
  const known = bodies.get(templateId);
  if (known === undefined) throw new GrpcFault('TEMPLATE_UNKNOWN', templateId);
  known.asked += 1;
  const { manner, asked } = known;
  if (manner === 'gone') throw new GrpcFault('TEMPLATE_BODY_GONE', templateId);
  const body = manner === 'other-bytes' ? Uint8Array.from(known.body, (byte) => byte ^ 1) : known.body;
  for (let at = offset; at < body.length; at += CHUNK_BYTES) {
    const breaks = manner === 'breaks' || (manner === 'breaks-once' && asked === 1);
    if (breaks && at > 0) throw new GrpcStatusFault('ABORTED', 'the stream breaks');
    yield { header: undefined, chunk: Buffer.from(body.subarray(at, at + (breaks ? 1 : CHUNK_BYTES))) };
    if (breaks) throw new GrpcStatusFault('ABORTED', 'the stream breaks');
  }
  if (manner === 'too-long') yield { header: undefined, chunk: Buffer.alloc(1) };
}
