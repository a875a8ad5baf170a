import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { fromHex } from '@assay/shared/kernel/bytes';
import { parsePoolId } from '@assay/shared/kernel/ids';
import {
  type ConfigDefinition,
  ConfigError,
  defineConfig,
  integer,
  json,
  secretHexFile,
} from '@assay/shared/runtime/config';
import type { PoolRules } from './ports.ts';

export const PARTS = ['intake', 'worker', 'tips', 'sweeper'] as const;
export type Part = (typeof PARTS)[number];

export interface PoolConfig extends PoolRules {
  /** Where PoolService answers GetTemplateBody. */
  readonly grpcUrl: string;
}

export interface NodeConfig {
  readonly id: string;
  readonly url: string;
  /** Path of a file with `user:password`. */
  readonly credentials: string;
}

const hexBytes = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `expected ${2 * bytes} lower-case hex digits`);
const mask = z.union([
  z.int().min(0).max(0xffff_ffff),
  hexBytes(4).transform((text) => Buffer.from(text, 'hex').readUInt32BE()),
]);
const script = z.string().regex(/^([0-9a-f]{2}){1,10000}$/, 'expected an output script in lower-case hex');

const poolSchema = z
  .strictObject({
    pool_id: z.string().refine((text) => parsePoolId(text).ok, 'expected 1 to 32 of a-z, 0-9 and -'),
    operator_id: z.string().min(1).max(128),
    mode: z
      .enum(['pool-only', 'declared'])
      .refine((mode) => mode === 'pool-only', 'templates declared by miners cannot be judged yet: use pool-only')
      .default('pool-only'),
    pool_key: hexBytes(32),
    scripts: z.array(script).min(1).max(64),
    min_pool_ppm: z.int().min(1).max(1_000_000).default(1_000_000),
    credit_shift: z.int().min(0).max(63).default(32),
    max_target: hexBytes(32).default('f'.repeat(64)),
    version_mask: mask.default(0x1fff_e000),
    grpc_url: z.string().min(1),
  })
  .transform((pool): PoolConfig => ({
    poolId: pool.pool_id,
    mode: pool.mode,
    poolKey: fromHex(pool.pool_key),
    scripts: new Set(pool.scripts),
    minPoolPpm: pool.min_pool_ppm,
    creditShift: pool.credit_shift,
    maxTarget: fromHex(pool.max_target),
    versionMask: pool.version_mask,
    grpcUrl: pool.grpc_url,
  }));

const nodeSchema = z
  .strictObject({ id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/), url: z.url(), credentials: z.string().min(1) })
  .transform((node): NodeConfig => node);

const distinct = <T>(key: (item: T) => string, what: string) =>
  [(items: readonly T[]) => new Set(items.map(key)).size === items.length, `${what} are repeated`] as const;

const partsSchema = z
  .string()
  .transform((text) => (text === 'all' ? [...PARTS] : text.split(',')))
  .pipe(z.array(z.enum(PARTS)).min(1))
  .transform((parts): readonly Part[] => parts);

const port = () => integer({ min: 0, max: 65_535 });
const milliseconds = () => integer({ min: 1, max: 86_400_000 });

const settings = defineConfig('AUDITOR', {
  AUDITOR_POOLS: json(
    z
      .array(poolSchema)
      .min(1)
      .max(64)
      .refine(...distinct((pool: PoolConfig) => pool.poolId, 'pool ids')),
  ).describe(
    'pools: pool_id, operator_id, mode, pool_key, scripts, min_pool_ppm, credit_shift, max_target, version_mask, grpc_url',
  ),
  AUDITOR_NODES: json(
    z
      .array(nodeSchema)
      .min(1)
      .max(16)
      .refine(...distinct((node: NodeConfig) => node.id, 'node ids')),
  ).describe('bitcoin nodes of the auditor, not of the pool: id, url, credentials (file with user:password)'),
  AUDITOR_NODE_QUORUM: integer({ min: 1, max: 16 })
    .optional()
    .describe('counted answers for a verdict; 1 with one node, else 2'),
  AUDITOR_NODE_TIMEOUT_MS: milliseconds().default(10_000).describe('time for one answer of a node'),
  AUDITOR_NODE_TIP_POLL_MS: milliseconds().default(1_000).describe('how often each node is asked for its tip'),
  AUDITOR_SHARE_NTIME_AHEAD_S: integer({ min: 0, max: 86_400 })
    .default(7_200)
    .describe('how far a share may be dated ahead'),
  AUDITOR_SHARE_STALE_GRACE_MS: integer({ min: 0, max: 3_600_000 })
    .default(30_000)
    .describe('how long after a new block work on the old one counts'),
  AUDITOR_SWEEP_INTERVAL_MS: milliseconds().default(10_000).describe('how often the sweeper looks'),
  AUDITOR_SWEEP_STUCK_MS: milliseconds()
    .default(45_000)
    .describe('age at which a queued batch without task is enqueued again'),
  AUDITOR_SWEEP_SETTLE_GRACE_MS: milliseconds()
    .default(600_000)
    .describe('time the mint has to create and to settle a quote'),
  AUDITOR_DLQ_AUTO_REPLAYS: integer({ min: 0, max: 100 })
    .default(3)
    .describe('how often DEPENDENCY dead letters replay by themselves'),
  AUDITOR_WORKER_CONCURRENCY: integer({ min: 1, max: 256 })
    .optional()
    .describe('batches checked at the same time; as many as there are cores when left out'),
  AUDITOR_GRPC_PORT: port().default(50_053).describe('AuditorService; metrics and health 1000 above'),
  AUDITOR_ADMIN_GRPC_PORT: port().default(52_053).describe('AuditorAdminService'),
  AUDITOR_MONGODB_DATABASE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/)
    .default('auditor')
    .describe('database of this service'),
  AUDITOR_PARTS: partsSchema
    .prefault(PARTS.join(','))
    .describe('parts of this replica: intake, worker, tips, sweeper, or all'),
  AUDITOR_MINT_URL: z.string().min(1).describe('gRPC address of MintService'),
  AUDITOR_KEY_FILE: secretHexFile(32).describe('file with the key that signs verdicts, 64 hex digits'),
});

export type AuditorConfig = ReturnType<typeof settings.load>;

/** The auditor's settings; faults that concern several keys at once stop the start too. */
export const auditorConfig: ConfigDefinition<AuditorConfig> = {
  ...settings,
  load(env) {
    const config = settings.load(env);
    const faults = [...quorumFaults(config), ...keyFaults(config)];
    if (faults.length > 0) throw new ConfigError(faults);
    return config;
  },
};

/** How many batches this replica checks at the same time. */
export function concurrencyOf(config: AuditorConfig): number {
  return config.AUDITOR_WORKER_CONCURRENCY ?? availableParallelism();
}

/** How many nodes must have given a counted answer. */
export function quorumOf(config: AuditorConfig): number {
  return config.AUDITOR_NODE_QUORUM ?? Math.min(2, config.AUDITOR_NODES.length);
}

function quorumFaults(config: AuditorConfig): string[] {
  const enough = quorumOf(config) <= config.AUDITOR_NODES.length;
  return enough ? [] : ['AUDITOR_NODE_QUORUM: more than there are AUDITOR_NODES'];
}

/** Keys that everybody knows: small numbers, as in published examples, and one byte repeated. */
function keyFaults(config: AuditorConfig): string[] {
  const key = config.AUDITOR_KEY_FILE;
  const known = key.subarray(0, 16).every((byte) => byte === 0) || key.every((byte) => byte === key[0]);
  const refused = known && config.NODE_ENV === 'production';
  return refused ? ['AUDITOR_KEY_FILE: a well-known test key is refused in production'] : [];
}

/** Rules by pool id. */
export function poolsOf(config: AuditorConfig): ReadonlyMap<string, PoolConfig> {
  return new Map(config.AUDITOR_POOLS.map((pool) => [pool.poolId, pool]));
}
