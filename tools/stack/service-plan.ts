import { metricsPortOf } from '@assay/shared/runtime/config';
import type { Identity } from './identity.ts';
import type { StackOptions, StackUnit } from './options.ts';
import { ADMIN_STEP, portOf } from './port-plan.ts';
import type { Servers } from './servers.ts';
import type { ServiceInstance } from './service-process.ts';

export const POOL_ID = 'pool-1';
/** The pool's share of every block of the development chain goes to a script that nobody can spend. */
const PAYOUT_SCRIPT = '0014482a532f430ddf94cbb1512d0fa53056bc75524f';
const VERSION_MASK = '1fffe000';
/** Shares of a CPU: at a credit shift of 16 one share of difficulty 2^-16 is about one ehash. */
const DIFFICULTY_MIN_LOG2 = -20;
const DIFFICULTY_START_LOG2 = -16;
/** 256 credits of one batch stay exact in JSON: log2 of the highest difficulty ≤ 12 + credit shift (01-pool section 2). */
const DIFFICULTY_MAX_ABOVE_SHIFT = 12;

/** The units of 03-mint section 16. */
const UNIT_SETTINGS: Record<StackUnit, object> = {
  hash: { inputFeePpk: 0, finalExpiryDays: 365, highestPower: 52 },
  sat: { inputFeePpk: 100, highestPower: 31 },
};

export interface PlanInputs {
  readonly options: StackOptions;
  readonly identity: Identity;
  readonly servers: Pick<Servers, 'natsUrl' | 'mongoUri' | 'bitcoind'>;
  /** Where spans go; nowhere when undefined. */
  readonly otlpUrl: string | undefined;
  /** Settings that a test or a benchmark changes, by service. */
  readonly overrides?: Partial<Record<ServiceInstance['service'], Readonly<Record<string, string>>>>;
}

/** All instances in the order of starting: who signs, who mints, who audits, who takes shares. */
export function planServices(inputs: PlanInputs): ServiceInstance[] {
  const { replicas, only } = inputs.options;
  const each = (count: number, plan: (inputs: PlanInputs, replica: number) => ServiceInstance) =>
    Array.from({ length: count }, (_, replica) => withOverrides(plan(inputs, replica), inputs));
  const mints = [...each(1, planSignatory), ...each(replicas.mint, planMint)];
  return only === 'mint' ? mints : [...mints, ...each(replicas.auditor, planAuditor), ...each(replicas.pool, planPool)];
}

function withOverrides(instance: ServiceInstance, { overrides }: PlanInputs): ServiceInstance {
  return { ...instance, env: { ...instance.env, ...overrides?.[instance.service] } };
}

function sharedEnvironment({ servers, otlpUrl }: PlanInputs): Record<string, string> {
  return {
    NATS_URL: servers.natsUrl,
    MONGODB_URI: servers.mongoUri,
    ASSAY_NETWORK_ID: 'assay-local',
    ASSAY_LISTEN_HOST: '127.0.0.1',
    NODE_ENV: 'development',
    ...(otlpUrl === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl }),
  };
}

function issuesSat({ only, bolt11 }: StackOptions): boolean {
  return only === 'mint' || bolt11 !== undefined;
}

function unitSettings(units: readonly StackUnit[]): string {
  return JSON.stringify(Object.fromEntries(units.map((unit) => [unit, UNIT_SETTINGS[unit]])));
}

function nodeOf({ bitcoind }: PlanInputs['servers']): { id: string; url: string; credentials: string } {
  if (bitcoind === undefined) throw new Error('a service that reads the chain was planned without a bitcoind');
  return { id: 'bitcoind', url: bitcoind.url, credentials: bitcoind.credentialsFile };
}

function planSignatory(inputs: PlanInputs, replica: number): ServiceInstance {
  const grpc = portOf(inputs.options, 'signatory', replica);
  return {
    service: 'signatory',
    replica,
    ports: { grpc },
    metricsPort: metricsPortOf(grpc),
    env: {
      ...sharedEnvironment(inputs),
      SIGNATORY_PORT: String(grpc),
      SIGNATORY_MASTER_FILE: inputs.identity.signatoryMasterFile,
      ...(issuesSat(inputs.options) ? { SIGNATORY_UNITS: unitSettings(inputs.options.units) } : {}),
    },
  };
}

function planMint(inputs: PlanInputs, replica: number): ServiceInstance {
  const { options, identity } = inputs;
  const grpc = portOf(options, 'mintGrpc', replica);
  const http = portOf(options, 'mintHttp', replica);
  return {
    service: 'mint',
    replica,
    ports: { http, grpc, admin: grpc + ADMIN_STEP },
    metricsPort: metricsPortOf(grpc),
    env: {
      ...sharedEnvironment(inputs),
      MINT_HTTP_PORT: String(http),
      MINT_GRPC_PORT: String(grpc),
      MINT_ADMIN_GRPC_PORT: String(grpc + ADMIN_STEP),
      MINT_SIGNATORY_URL: `127.0.0.1:${portOf(options, 'signatory')}`,
      MINT_POOLS: JSON.stringify({ [POOL_ID]: identity.poolKey }),
      MINT_AUDITOR_KEYS: JSON.stringify([identity.auditorKey]),
      MINT_IDENTITY_KEY_FILE: identity.mintIdentityFile,
      ...(options.bolt11 === undefined ? {} : { MINT_BOLT11_BACKEND: options.bolt11 }),
      // A suite is one address with a thousand requests a minute.
      ...(options.only === 'mint' ? { MINT_RATE_PER_IP_MIN: '0' } : {}),
    },
  };
}

function planAuditor(inputs: PlanInputs, replica: number): ServiceInstance {
  const { options, identity, servers } = inputs;
  const grpc = portOf(options, 'auditorGrpc', replica);
  const pool = {
    pool_id: POOL_ID,
    operator_id: 'local',
    mode: 'pool-only',
    pool_key: identity.poolKey,
    scripts: [PAYOUT_SCRIPT],
    min_pool_ppm: 1_000_000,
    credit_shift: options.creditShift,
    version_mask: VERSION_MASK,
    grpc_url: `127.0.0.1:${portOf(options, 'poolGrpc')}`,
  };
  return {
    service: 'auditor',
    replica,
    ports: { grpc, admin: grpc + ADMIN_STEP },
    metricsPort: metricsPortOf(grpc),
    env: {
      ...sharedEnvironment(inputs),
      AUDITOR_GRPC_PORT: String(grpc),
      AUDITOR_ADMIN_GRPC_PORT: String(grpc + ADMIN_STEP),
      AUDITOR_POOLS: JSON.stringify([pool]),
      AUDITOR_NODES: JSON.stringify([nodeOf(servers)]),
      AUDITOR_KEY_FILE: identity.auditorKeyFile,
      AUDITOR_MINT_URL: `127.0.0.1:${portOf(options, 'mintGrpc')}`,
    },
  };
}

function planPool(inputs: PlanInputs, replica: number): ServiceInstance {
  const { options, identity, servers } = inputs;
  const grpc = portOf(options, 'poolGrpc', replica);
  const stratum = portOf(options, 'stratum', replica);
  const http = portOf(options, 'poolHttp', replica);
  return {
    service: 'pool',
    replica,
    ports: { stratum, http, grpc },
    metricsPort: metricsPortOf(grpc),
    env: {
      ...sharedEnvironment(inputs),
      POOL_ID,
      POOL_KEY_FILE: identity.poolKeyFile,
      POOL_AUDITOR_KEYS: JSON.stringify([identity.auditorKey]),
      POOL_BITCOIND: JSON.stringify([nodeOf(servers)]),
      POOL_PAYOUTS: JSON.stringify([{ script: PAYOUT_SCRIPT, ppm: 1_000_000 }]),
      POOL_VERSION_MASK: VERSION_MASK,
      POOL_STRATUM_PORT: String(stratum),
      POOL_HTTP_PORT: String(http),
      POOL_GRPC_PORT: String(grpc),
      POOL_CREDIT_SHIFT: String(options.creditShift),
      POOL_DIFFICULTY_MIN_LOG2: String(DIFFICULTY_MIN_LOG2),
      POOL_DIFFICULTY_START_LOG2: String(DIFFICULTY_START_LOG2),
      POOL_DIFFICULTY_MAX_LOG2: String(Math.min(44, options.creditShift + DIFFICULTY_MAX_ABOVE_SHIFT)),
      POOL_BATCH_WINDOW_MS: String(options.windowMs),
    },
  };
}
