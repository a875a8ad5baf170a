import { bigInteger, boolean, defineConfig, integer, json, secretHexFile } from '@assay/shared/runtime/config';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { toHex } from '@assay/shared/kernel/bytes';
import { amount, QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { grpcServing } from '@assay/shared/runtime/grpc-server';
import { z } from 'zod';
import type { Bolt11Rules } from './domain/bolt11-quote.ts';
import { parseUnit, type Unit } from './domain/unit.ts';
import manifest from '../package.json' with { type: 'json' };

const port = () => integer({ min: 0, max: 65_535 });
const xOnlyKey = z.string().regex(/^[0-9a-f]{64}$/, 'expected an x-only key: 64 lower-case hex digits');
const poolId = z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected a pool id: 1 to 32 of a-z, 0-9 and -');
const lightningAmount = () => bigInteger({ min: 1n, max: QUOTE_AMOUNT_MAX }).transform(amount);
const ttlSeconds = () => integer({ min: 1, max: 31_536_000 });

const unitName = z.string().transform((text, context): Unit => {
  const unit = parseUnit(text);
  if (unit.ok) return unit.value;
  context.addIssue({ code: 'custom', message: 'expected a unit: 1 to 32 of a-z, 0-9, _ and -' });
  return z.NEVER;
});
const unitList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(unitName).max(16));

export const CONFIG = defineConfig('MINT', {
  MINT_HTTP_PORT: port().default(3_338).describe('NUT HTTP API'),
  MINT_GRPC_PORT: port().default(50_052).describe('MintService; metrics and health 1000 above'),
  MINT_ADMIN_GRPC_PORT: port().default(52_052).describe('MintAdminService'),
  MINT_MONGODB_DATABASE: z.string().min(1).default('mint').describe('its own database'),
  MINT_SIGNATORY_URL: z.string().min(1).default('127.0.0.1:15060').describe('`host:port` of the signatory'),
  MINT_POOLS: json(z.record(poolId, xOnlyKey)).describe('JSON: pool id → key that signs its batches'),
  MINT_AUDITOR_KEYS: json(z.array(xOnlyKey).min(1)).describe('JSON: keys whose verdicts settle quotes'),
  MINT_IDENTITY_KEY_FILE: secretHexFile(32).describe('file with the key of info and lookup (NUT-06)'),
  MINT_FUNDED_UNITS: unitList
    .prefault('sat,hash')
    .describe('units of `reward` and `escrow` quotes, separated by commas'),
  MINT_DEPOSIT_ASSETS: json(z.record(z.string().min(1).max(64), unitName))
    .default({})
    .describe('JSON: stake asset → its unit, for melts of method `deposit`'),
  MINT_BOLT11_BACKEND: z
    .enum(['none', 'fake'])
    .default('none')
    .describe('Lightning; `fake` pays itself and has no value, for development and foreign suites'),
  MINT_FAKE_PAY_DELAY_MS: integer({ min: 0, max: 86_400_000 })
    .default(500)
    .describe('when the fake pays an incoming request'),
  MINT_BOLT11_REQUIRE_PUBKEY: boolean().default(false).describe('only locked `bolt11` quotes (NUT-20)'),
  MINT_BOLT11_MIN: lightningAmount().default(amount(1n)).describe('smallest `bolt11` amount, sat'),
  MINT_BOLT11_MAX: lightningAmount().default(amount(1_000_000n)).describe('largest `bolt11` amount, sat'),
  MINT_QUOTE_BOLT11_TTL_S: ttlSeconds().default(3_600).describe('life of an unpaid `bolt11` quote'),
  MINT_MELT_QUOTE_TTL_S: ttlSeconds().default(3_600).describe('life of an unpaid melt quote'),
  MINT_LOOKUP_ENABLED: boolean().default(true).describe('wallets may find quotes by public key'),
  MINT_LOOKUP_LEGACY: boolean().default(true).describe('also by signatures without a timestamp'),
  MINT_LIMIT_BODY_BYTES: integer({ min: 1_024, max: 16_777_216 }).default(1_048_576).describe('HTTP body'),
  MINT_LIMIT_INPUTS: integer({ min: 1, max: 1_000 }).default(1_000).describe('inputs of one request'),
  MINT_LIMIT_OUTPUTS: integer({ min: 1, max: 1_000 }).default(1_000).describe('outputs of one request'),
  MINT_LIMIT_BATCH: integer({ min: 1, max: 100 }).default(100).describe('quotes of one batch (NUT-29)'),
  MINT_RATE_PER_IP_MIN: integer({ min: 0, max: 10_000_000 })
    .default(6_000)
    .describe('HTTP requests of one address a minute, one more for each 4 KiB of a body; 0 = no limit'),
  MINT_LIMIT_CONNECTIONS: integer({ min: 16, max: 1_000_000 })
    .default(20_000)
    .describe('open connections of this process, WebSockets included'),
  MINT_LIMIT_CONNECTIONS_PER_IP: integer({ min: 0, max: 1_000_000 })
    .default(2_000)
    .describe('of one address; 0 = no limit, for a mint behind a proxy'),
  MINT_WS_RESYNC_MS: integer({ min: 100, max: 600_000 })
    .default(10_000)
    .describe('how often what wallets are subscribed to is read again'),
  MINT_SUPPLY_CHECK_MS: integer({ min: 100, max: 86_400_000 })
    .default(60_000)
    .describe('how often everything is counted again; what is broken pauses the mint'),
});

export type MintConfig = ReturnType<typeof CONFIG.load>;

/** The configuration, as the parts of the mint take it. */
export function settingsOf(config: MintConfig) {
  return {
    database: { uri: config.MONGODB_URI, database: config.MINT_MONGODB_DATABASE },
    signers: signersOf(config),
    wallets: walletRulesOf(config),
    http: httpOptionsOf(config),
    lightning: lightningOf(config),
    grpc: grpcPortsOf(config),
    identitySecret: config.MINT_IDENTITY_KEY_FILE,
    recountEveryMs: config.MINT_SUPPLY_CHECK_MS,
    resyncMs: config.MINT_WS_RESYNC_MS,
  };
}

/** Whose signatures make and settle quotes: x-only keys in hex. */
function signersOf({ MINT_POOLS, MINT_AUDITOR_KEYS }: MintConfig): {
  readonly pools: ReadonlyMap<string, string>;
  readonly auditorKeys: ReadonlySet<string>;
} {
  return { pools: new Map(Object.entries(MINT_POOLS)), auditorKeys: new Set(MINT_AUDITOR_KEYS) };
}

function httpOptionsOf(config: MintConfig) {
  return {
    host: config.ASSAY_LISTEN_HOST,
    port: config.MINT_HTTP_PORT,
    bodyBytesMax: config.MINT_LIMIT_BODY_BYTES,
    requestsPerMinute: config.MINT_RATE_PER_IP_MIN,
    connections: {
      connectionsMax: config.MINT_LIMIT_CONNECTIONS,
      connectionsPerNetwork: config.MINT_LIMIT_CONNECTIONS_PER_IP,
    },
  };
}

const NAME = 'Assay mint';
const FAKE_NAME = `${NAME} (FAKE LIGHTNING, NO VALUE)`;

/** What wallets are told and held to. */
function walletRulesOf(config: MintConfig) {
  const pubkey = toHex(publicKeyOf(config.MINT_IDENTITY_KEY_FILE));
  return {
    fundedUnits: new Set(config.MINT_FUNDED_UNITS),
    depositUnits: [...new Set(Object.values(config.MINT_DEPOSIT_ASSETS))],
    identity: {
      name: config.MINT_BOLT11_BACKEND === 'fake' ? FAKE_NAME : NAME,
      version: `assay-mint/${manifest.version}`,
      pubkey,
    },
    limits: { inputs: config.MINT_LIMIT_INPUTS, outputs: config.MINT_LIMIT_OUTPUTS },
    batchMax: config.MINT_LIMIT_BATCH,
    meltRules: {
      amountMin: config.MINT_BOLT11_MIN,
      amountMax: config.MINT_BOLT11_MAX,
      ttlMs: config.MINT_MELT_QUOTE_TTL_S * 1_000,
    },
    lookup: {
      isEnabled: config.MINT_LOOKUP_ENABLED,
      takesLegacy: config.MINT_LOOKUP_LEGACY,
      mintPubkey: pubkey,
    },
  };
}

/** Lightning as configured, and what wallets may ask of `bolt11` quotes. */
function lightningOf(config: MintConfig) {
  const rules: Bolt11Rules = {
    amountMin: config.MINT_BOLT11_MIN,
    amountMax: config.MINT_BOLT11_MAX,
    requiresPubkey: config.MINT_BOLT11_REQUIRE_PUBKEY,
    ttlMs: config.MINT_QUOTE_BOLT11_TTL_S * 1_000,
  };
  return {
    backend: config.MINT_BOLT11_BACKEND,
    payDelayMs: config.MINT_FAKE_PAY_DELAY_MS,
    isProduction: config.NODE_ENV === 'production',
    rules,
  };
}

function grpcPortsOf(config: MintConfig) {
  return { ...grpcServing(config), port: config.MINT_GRPC_PORT, adminPort: config.MINT_ADMIN_GRPC_PORT };
}
