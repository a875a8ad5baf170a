import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CACHE } from '@assay/testkit/find-server';
import { fraction, integerIn } from '../numeric-flags.ts';

export const REPLICATED = ['pool', 'auditor', 'mint'] as const;
export type Replicated = (typeof REPLICATED)[number];

const UNITS = ['hash', 'sat'] as const;
export type StackUnit = (typeof UNITS)[number];

export interface StackOptions {
  /** `mint`: just NATS, MongoDB, signatory and mint, for wallets and foreign suites. */
  readonly only: 'mint' | undefined;
  /** Lightning of the mint: one that pays itself, or none. */
  readonly bolt11: 'fake' | undefined;
  /** Units of a mint alone. */
  readonly units: readonly StackUnit[];
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
  only: undefined,
  bolt11: undefined,
  units: UNITS,
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

/** A mint alone keeps its own keys and money: what wallets try there never stands beside audited work. */
export const MINT_ONLY_DATA = join(CACHE, 'mint-only');
/** What means nothing without the rest of the stack. */
const WHOLE_STACK_FLAGS = ['miner', 'wallet', 'once', 'window', 'creditShift', 'minerLoad'] as const;

const REPLICAS_MAX = 8;

/** Options from command line arguments; prints help or the fault and exits as commander does. */
export function parseOptions(argv: readonly string[], otlpFromEnvironment: string | undefined): StackOptions {
  const command = stackCommand().parse(argv, { from: 'user' });
  const given = command.opts<
    Omit<StackOptions, 'dataDir' | 'windowMs' | 'otlpUrl'> & { data?: string; window: number; otlp?: string }
  >();
  refuseWhatNeedsAll(command, given);
  const { data, window, otlp, ...rest } = given;
  const dataDir = data ?? (rest.only === 'mint' ? MINT_ONLY_DATA : DEFAULT_OPTIONS.dataDir);
  return { ...DEFAULT_OPTIONS, ...rest, dataDir, windowMs: window, otlpUrl: otlp ?? otlpFromEnvironment };
}

function stackCommand(): Command {
  return new Command('npm start --')
    .description('The whole local stack with real work on it: servers, services, a CPU miner and a wallet.')
    .addOption(new Option('--only <part>', 'just NATS, MongoDB, signatory and mint').choices(['mint']))
    .addOption(
      new Option('--units <list>', 'units of --only mint').default(UNITS, UNITS.join(',')).argParser(parseUnits),
    )
    .addOption(
      new Option('--bolt11 <backend>', 'Lightning of the mint; fake: pays itself, has no value').choices(['fake']),
    )
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
    .option('--data <dir>', `data directory (default: ${DEFAULT_OPTIONS.dataDir}; with --only mint ${MINT_ONLY_DATA})`)
    .option('--window <ms>', 'batch window', integerIn(0, 600_000), DEFAULT_OPTIONS.windowMs)
    .option('--credit-shift <n>', '1 ehash = 2^n hashes', integerIn(0, 52), DEFAULT_OPTIONS.creditShift)
    .option(
      '--otlp <url>',
      'OTLP/HTTP endpoint for spans (default: OTEL_EXPORTER_OTLP_ENDPOINT, else a receiver of our own)',
    )
    .option('--miner-load <fraction>', 'share of a core for the miner', fraction, DEFAULT_OPTIONS.minerLoad)
    .addHelpText(
      'after',
      '\nFor wallets and foreign suites: npm start -- --only mint --bolt11 fake   (the mint on port 3338)',
    );
}

function refuseWhatNeedsAll(command: Command, { only, replicas }: Pick<StackOptions, 'only' | 'replicas'>): void {
  if (only === undefined) {
    if (command.getOptionValueSource('units') === 'cli') command.error('error: --units needs --only mint');
    return;
  }
  const flag = WHOLE_STACK_FLAGS.find((name) => command.getOptionValueSource(name) === 'cli');
  const option = command.options.find((candidate) => candidate.attributeName() === flag);
  if (option !== undefined) {
    command.error(`error: ${option.long} needs the whole stack: leave it out, or leave out --only ${only}`);
  }
  const other = REPLICATED.find((name) => name !== only && replicas[name] > 1);
  if (other !== undefined) command.error(`error: --only ${only} starts no ${other}, so it has no replicas of it`);
}

function parseUnits(text: string): StackUnit[] {
  const units = text.split(',').map((name) => UNITS.find((unit) => unit === name));
  return units.map((unit) => unit ?? unknownUnit());
}

function unknownUnit(): never {
  throw new InvalidArgumentError(`only ${UNITS.join(' and ')} are known`);
}

function parseReplicas(text: string): StackOptions['replicas'] {
  const replicas: Record<Replicated, number> = { ...DEFAULT_OPTIONS.replicas };
  for (const entry of text.split(',')) {
    const [name, count] = entry.split('=');
    const known = REPLICATED.find((service) => service === name);
    if (known === undefined) throw new InvalidArgumentError(`only ${REPLICATED.join(', ')} have replicas`);
    replicas[known] = integerIn(1, REPLICAS_MAX)(count ?? '');
  }
  return replicas;
}
