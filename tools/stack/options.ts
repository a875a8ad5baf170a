import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CACHE } from '@assay/testkit/find-server';

export const REPLICATED = ['pool', 'auditor', 'mint'] as const;
export type Replicated = (typeof REPLICATED)[number];

export interface StackOptions {
  readonly miner: boolean;
  readonly wallet: boolean;
  readonly once: boolean;
  readonly reset: boolean;
  readonly replicas: Readonly<Record<Replicated, number>>;
  /** Moves every port: each is this plus its place in the list of port-plan.ts. */
  readonly portBase: number | undefined;
  readonly dataDir: string;
  /** Batch window of the pool, ms. */
  readonly windowMs: number;
  /** 1 ehash = 2^creditShift hashes. */
  readonly creditShift: number;
  /** OTLP/HTTP endpoint for spans; a receiver of our own when undefined. */
  readonly otlpUrl: string | undefined;
  /** Share of a core that the miner's one thread may use. */
  readonly minerLoad: number;
}

export const DEFAULT_OPTIONS: StackOptions = {
  miner: true,
  wallet: true,
  once: false,
  reset: false,
  replicas: { pool: 1, auditor: 1, mint: 1 },
  portBase: undefined,
  dataDir: join(CACHE, 'stack'),
  windowMs: 3_000,
  creditShift: 16,
  otlpUrl: undefined,
  minerLoad: 0.4,
};

const MAX_REPLICAS = 8;

/** Options from command line arguments; prints help or the fault and exits as commander does. */
export function parseOptions(argv: readonly string[], otlpFromEnvironment: string | undefined): StackOptions {
  const command = new Command('npm start --')
    .description('The whole local stack with real work on it: servers, services, a CPU miner and a wallet.')
    .option('--no-miner', 'start no miner')
    .option('--no-wallet', 'start no wallet')
    .option('--once', 'end after the first tokens were minted, verified and swapped; the last line is JSON', false)
    .option('--reset', 'delete the data directory first', false)
    .option(
      '--replicas <list>',
      'instances, for instance pool=2,auditor=2,mint=2',
      parseReplicas,
      DEFAULT_OPTIONS.replicas,
    )
    .option('--port-base <n>', 'move every port: n plus its place in the list', integerIn(1_024, 60_000))
    .option('--data <dir>', 'data directory', DEFAULT_OPTIONS.dataDir)
    .option('--window <ms>', 'batch window', integerIn(0, 600_000), DEFAULT_OPTIONS.windowMs)
    .option('--credit-shift <n>', '1 ehash = 2^n hashes', integerIn(0, 52), DEFAULT_OPTIONS.creditShift)
    .option(
      '--otlp <url>',
      'OTLP/HTTP endpoint for spans (default: OTEL_EXPORTER_OTLP_ENDPOINT, else a receiver of our own)',
    )
    .option('--miner-load <fraction>', 'share of a core for the miner', parseFraction, DEFAULT_OPTIONS.minerLoad)
    .parse(argv, { from: 'user' });
  const given = command.opts<
    Omit<StackOptions, 'dataDir' | 'windowMs' | 'otlpUrl'> & { data: string; window: number; otlp?: string }
  >();
  const { data, window, otlp, ...rest } = given;
  return { ...DEFAULT_OPTIONS, ...rest, dataDir: data, windowMs: window, otlpUrl: otlp ?? otlpFromEnvironment };
}

function integerIn(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`give a whole number from ${min} to ${max}`);
    return value;
  };
}

function parseFraction(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('give a number above 0 and at most 1');
  return value;
}

function parseReplicas(text: string): StackOptions['replicas'] {
  const replicas: Record<Replicated, number> = { ...DEFAULT_OPTIONS.replicas };
  for (const entry of text.split(',')) {
    const [name, count] = entry.split('=');
    const known = REPLICATED.find((service) => service === name);
    if (known === undefined) throw new InvalidArgumentError(`only ${REPLICATED.join(', ')} have replicas`);
    replicas[known] = integerIn(1, MAX_REPLICAS)(count ?? '');
  }
  return replicas;
}
