import { z } from 'zod';
import { type Bytes, fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { parsePoolId } from '@assay/shared/kernel/ids';
import { xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { ConfigError, defineConfig, integer, json, secretHexFile } from '@assay/shared/runtime/config';
import type { StratumSettings } from './adapters/stratum/serve.ts';
import { COINBASE_TAG_MAX, type Payout } from './domain/coinbase.ts';
import { creditFits } from './domain/credit.ts';
import { K_HIGHEST, K_LOWEST } from './domain/difficulty.ts';
import type { PoolRules } from './flows/assemble-pool.ts';

const DAY_MS = 86_400_000;
const PAYOUTS_MAX = 64;
const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `expected ${2 * bytes} lower-case hex digits`);

const poolId = z.string().transform((text, context) => {
  const parsed = parsePoolId(text);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: 'custom', message: 'expected 1 to 32 of a-z, 0-9 and -' });
  return z.NEVER;
});

const script = z.string().regex(/^([0-9a-f]{2}){1,100}$/, 'expected a script in lower-case hex');
const ppm = z.int().min(0).max(1_000_000);

/** `"<script>:<ppm>"`, or the same as an object. */
const payout = z
  .union([
    z
      .string()
      .regex(/^[0-9a-f]+:[0-9]{1,7}$/, 'expected <script in hex>:<parts per million>')
      .transform((text) => ({ script: text.replace(/:.*/, ''), ppm: Number(text.replace(/.*:/, '')) }))
      .pipe(z.object({ script, ppm })),
    z.strictObject({ script, ppm }),
  ])
  .transform((entry): Payout => ({ script: fromHex(entry.script), ppm: entry.ppm }));

const payouts = z
  .array(payout)
  .min(1)
  .max(PAYOUTS_MAX)
  .refine((list) => list.reduce((sum, { ppm }) => sum + ppm, 0) === 1_000_000, 'the parts must be 1,000,000 together');

const node = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -'),
  url: z.url({ protocol: /^http$/ }),
  /** File with `user:password`. */
  credentials: z.string().min(1),
});

const nodes = z
  .array(node)
  .max(16)
  .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, 'ids must differ');

const tag = z
  .string()
  .transform((text): Bytes => utf8(text))
  .refine((bytes) => bytes.length <= COINBASE_TAG_MAX, `at most ${COINBASE_TAG_MAX} bytes`);

const versionMask = hex(4).transform((text) => Number.parseInt(text, 16));
const port = (of: number, what: string) => integer({ min: 0, max: 65_535 }).default(of).describe(what);
const ms = (of: number, what: string, min = 1, max = 400 * DAY_MS) => integer({ min, max }).default(of).describe(what);
const count = (of: number, what: string, max = 1_000_000_000) => integer({ min: 1, max }).default(of).describe(what);
const k = (of: number, what: string) => integer({ min: K_LOWEST, max: K_HIGHEST }).default(of).describe(what);

/** Environment of the pool (01-pool section 14); unknown keys that begin with POOL_ stop the start. */
export const poolConfig = defineConfig('POOL', {
  POOL_ID: poolId.describe('name of this pool, in every batch; fixed at the first start'),
  POOL_KEY_FILE: secretHexFile(32).describe('file with the pool key, which signs batches'),
  POOL_AUDITOR_KEYS: json(z.array(hex(32)).min(1).max(16)).describe('JSON list of x-only keys whose verdicts count'),
  POOL_MODE: z.enum(['pool-only', 'declared']).default('pool-only').describe('whose templates are mined on'),
  POOL_TEMPLATE_SOURCE: z.enum(['bitcoind', 'fixed']).default('bitcoind').describe('where templates come from'),
  POOL_FIXED_TEMPLATE_FILE: z.string().optional().describe('file of getblocktemplate shape, for the source fixed'),
  POOL_BITCOIND: json(nodes)
    .default([])
    .describe('JSON list of {id, url, credentials (a file)} in order of preference'),
  POOL_BITCOIND_SUBMIT_ONLY: json(nodes).default([]).describe('further nodes that only get blocks'),
  POOL_PAYOUTS: json(payouts).describe('JSON list of script:ppm, 1,000,000 together'),
  POOL_COINBASE_TAG: tag.prefault('/assay/').describe('text in every coinbase, at most 40 bytes'),
  POOL_TIP_POLL_MS: ms(500, 'how often every node is asked for its tip', 50),
  POOL_TEMPLATE_REFRESH_MS: ms(30_000, 'how often a template is made without a new block', 100),
  POOL_TEMPLATE_MAX_AGE_MS: ms(180_000, 'without a younger template connections close', 1_000),
  POOL_JOB_TTL_MS: ms(600_000, 'how long a job is good for', 1_000),
  POOL_STRATUM_PORT: port(3333, 'Stratum V1'),
  POOL_STRATUM_PUBLIC_HOST: z.string().max(253).optional().describe('where miners are sent when this instance ends'),
  POOL_GRPC_PORT: port(50_051, 'PoolService; metrics and health 1000 above'),
  POOL_MONGODB_DATABASE: z.string().min(1).default('pool').describe('its own database'),
  POOL_HTTP_PORT: port(3334, 'health over HTTP for miners'),
  POOL_LIMIT_LINE_BYTES: integer({ min: 512, max: 1_048_576 }).default(16_384).describe('longest line with its end'),
  POOL_LIMIT_HANDSHAKE_MS: ms(15_000, 'from accept to subscribed and authorized'),
  POOL_LIMIT_CONNECTIONS: count(20_000, 'connections of this instance'),
  POOL_LIMIT_PER_ADDRESS: count(1_024, 'connections of one address (IPv4 /32, IPv6 /64)'),
  POOL_LIMIT_NEW_PER_ADDRESS_S: count(20, 'new connections of one address in a second'),
  POOL_LIMIT_MESSAGES_PER_S: count(20, 'messages a second of a connection'),
  POOL_LIMIT_MESSAGES_BURST: count(200, 'messages of a connection at once'),
  POOL_LIMIT_OUTPUT_BYTES: count(1_048_576, 'output that a connection may leave unread'),
  POOL_LIMIT_IDLE_S: count(1_800, 'seconds without an accepted share until a connection closes'),
  POOL_LIMIT_PENDING_SHARES: count(50_000, 'shares that may wait for the store'),
  POOL_VERSION_MASK: versionMask.prefault('1fffe000').describe('version bits that miners may roll'),
  POOL_NTIME_AHEAD_S: count(7_000, 'seconds that ntime may be ahead of the clock', 7_200),
  POOL_STALE_GRACE_MS: ms(2_000, 'how long shares on the tip before count', 0, 30_000),
  POOL_DIFFICULTY_MIN_LOG2: k(0, 'lowest difficulty, as its log2'),
  POOL_DIFFICULTY_START_LOG2: k(10, 'first difficulty of an unknown worker'),
  POOL_DIFFICULTY_MAX_LOG2: k(44, 'highest difficulty'),
  POOL_VARDIFF_TARGET_SHARES_PER_MIN: count(6, 'shares a minute that vardiff aims at', 6_000),
  POOL_CREDIT_SHIFT: integer({ min: 0, max: 52 })
    .default(32)
    .describe('1 ehash = 2^this hashes; fixed at the first start'),
  POOL_BATCH_WINDOW_MS: ms(10_000, 'how long a batch takes shares; 0: every share is a batch', 0, 600_000),
  POOL_BATCH_ORPHAN_MS: ms(10_000, 'after it an unsealed batch of another instance is sealed', 100),
  POOL_BATCH_RETENTION_D: count(400, 'days that batches are kept', 36_500),
  POOL_STORE_TIMEOUT_MS: ms(5_000, 'after it a share without certainty is answered not-stored', 100, 60_000),
  POOL_PREFIX_REST_MS: ms(DAY_MS, 'rest of an extranonce range between two uses'),
  POOL_HASHER: z.enum(['auto', 'node', 'wasm', 'native']).default('auto').describe('implementation of SHA-256d'),
});

export type PoolConfig = ReturnType<typeof poolConfig.load>;

/** @throws ConfigError when keys that are fine alone do not go together */
export function requireSound(config: PoolConfig): void {
  const faults = [...modeFaults(config), ...difficultyFaults(config), ...keyFaults(config)];
  if (faults.length > 0) throw new ConfigError(faults);
}

function modeFaults(config: PoolConfig): string[] {
  const faults: string[] = [];
  if (config.POOL_MODE === 'declared') {
    faults.push('POOL_MODE: declared is not offered by this version: it takes no templates from miners; use pool-only');
  }
  if (config.POOL_TEMPLATE_SOURCE === 'bitcoind' && config.POOL_BITCOIND.length === 0) {
    faults.push('POOL_BITCOIND: is required for the template source bitcoind');
  }
  if (config.POOL_TEMPLATE_SOURCE === 'fixed' && config.POOL_FIXED_TEMPLATE_FILE === undefined) {
    faults.push('POOL_FIXED_TEMPLATE_FILE: is required for the template source fixed');
  }
  return faults;
}

function difficultyFaults(config: PoolConfig): string[] {
  const { POOL_DIFFICULTY_MIN_LOG2: min, POOL_DIFFICULTY_START_LOG2: start, POOL_DIFFICULTY_MAX_LOG2: max } = config;
  const faults: string[] = [];
  if (min > max || start < min || start > max) {
    faults.push('POOL_DIFFICULTY_START_LOG2: minimum, start and maximum must ascend');
  }
  if (!creditFits(max, config.POOL_CREDIT_SHIFT)) {
    faults.push('POOL_DIFFICULTY_MAX_LOG2: must not exceed 12 + POOL_CREDIT_SHIFT, or credits could pass 2^53');
  }
  return faults;
}

/** Keys of published examples: anybody can sign with them. */
function keyFaults(config: PoolConfig): string[] {
  if (config.NODE_ENV !== 'production') return [];
  const secrets = Array.from({ length: 16 }, (_, index) => new Uint8Array(32).fill(index + 1, 31));
  const known = new Set(secrets.map((secret) => toHex(xOnlyPublicKeyOf(secret))));
  const faults: string[] = [];
  if (known.has(toHex(xOnlyPublicKeyOf(config.POOL_KEY_FILE)))) faults.push('POOL_KEY_FILE: holds a known test key');
  if (config.POOL_AUDITOR_KEYS.some((key) => known.has(key))) faults.push('POOL_AUDITOR_KEYS: has a known test key');
  return faults;
}

/** What the flows need of the configuration. @param hostname ends in the ordinal of a StatefulSet, or in none */
export function rulesOf(config: PoolConfig, hostname: string): PoolRules {
  const ordinal = /-([0-9]{1,4})$/.exec(hostname)?.[1];
  return {
    template: {
      poolId: config.POOL_ID,
      versionMask: config.POOL_VERSION_MASK,
      payouts: config.POOL_PAYOUTS,
      coinbaseTag: config.POOL_COINBASE_TAG,
    },
    judge: {
      jobTtlMs: config.POOL_JOB_TTL_MS,
      staleGraceMs: config.POOL_STALE_GRACE_MS,
      ntimeAheadS: config.POOL_NTIME_AHEAD_S,
      maxPendingShares: config.POOL_LIMIT_PENDING_SHARES,
    },
    creditShift: config.POOL_CREDIT_SHIFT,
    windowMs: config.POOL_BATCH_WINDOW_MS,
    orphanMs: config.POOL_BATCH_ORPHAN_MS,
    retentionMs: config.POOL_BATCH_RETENTION_D * DAY_MS,
    storeTimeoutMs: config.POOL_STORE_TIMEOUT_MS,
    refreshMs: config.POOL_TEMPLATE_REFRESH_MS,
    maxAgeMs: config.POOL_TEMPLATE_MAX_AGE_MS,
    prefixRestMs: config.POOL_PREFIX_REST_MS,
    wantedSlot: ordinal === undefined ? undefined : Number(ordinal),
    difficulty: { min: config.POOL_DIFFICULTY_MIN_LOG2, max: config.POOL_DIFFICULTY_MAX_LOG2 },
    auditorKeys: config.POOL_AUDITOR_KEYS.map(fromHex),
  };
}

export function stratumSettingsOf(config: PoolConfig): StratumSettings {
  return {
    host: config.ASSAY_LISTEN_HOST,
    port: config.POOL_STRATUM_PORT,
    publicHost: config.POOL_STRATUM_PUBLIC_HOST,
    handshakeMs: config.POOL_LIMIT_HANDSHAKE_MS,
    idleMs: config.POOL_LIMIT_IDLE_S * 1_000,
    startK: config.POOL_DIFFICULTY_START_LOG2,
    sharesPerMinute: config.POOL_VARDIFF_TARGET_SHARES_PER_MIN,
    limits: {
      lineBytes: config.POOL_LIMIT_LINE_BYTES,
      outputBytes: config.POOL_LIMIT_OUTPUT_BYTES,
      messagesBurst: config.POOL_LIMIT_MESSAGES_BURST,
      messagesPerS: config.POOL_LIMIT_MESSAGES_PER_S,
      connections: config.POOL_LIMIT_CONNECTIONS,
      perAddress: config.POOL_LIMIT_PER_ADDRESS,
      newPerAddressS: config.POOL_LIMIT_NEW_PER_ADDRESS_S,
    },
  };
}
