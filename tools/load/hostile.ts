import { availableParallelism } from 'node:os';
import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { metricsPortOf } from '@assay/shared/runtime/config';
import { type Figures, rounded } from '../bench/benchmark.ts';
import { appendEntry, runConditions } from '../bench/history.ts';
import { type Calls, type Program, startProgram } from '../bench/program.ts';
import { type LoneMint, startLoneMint } from '../stack/lone-mint.ts';
import { portOf } from '../stack/port-plan.ts';
import type { AttackerProgram } from './hostile-attackers.ts';
import { BOUNDS, brokenBounds, growthMib, type Round, type Seen } from './hostile-bounds.ts';
import type { BurnProgram } from './hostile-burn.ts';
import type { HonestProgram } from './hostile-honest.ts';
import { type Gauges, type Reading, watchMint } from './hostile-gauges.ts';

export interface HostileLoad {
  /** Swaps of honest wallets. */
  readonly ratePerS: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** All kinds, so many times: what the first ones leave in memory is warm-up. */
  readonly rounds: number;
  /** Kinds of attack; all when empty. */
  readonly only: readonly string[];
  /** Where the mint leaves a V8 CPU profile; then nothing is written to the history. */
  readonly profileDir: string | undefined;
}

const METHOD =
  'a mint of its own with its default limits, fake Lightning and real MongoDB; honest wallets (127.0.0.1) swap two proofs for ' +
  'two, each at its time whatever the answers, latency from the time at which it was due; in each round the same alone, and ' +
  'then for each kind by turns: as the control while a process for each core does nothing but count, and beside the attack (20 ' +
  'addresses of its own, so that no rate limit is used up); longest stall of the event loop of the mint as its metrics tell it; resident memory ' +
  'of the mint before, at the end and 3 s after';
/** What an attack leaves behind is gone then. */
const CALM_MS = 3_000;
const CONTROL = 'control';
/** Answers beside an attack: how many, by status. */
type Answers = Readonly<Record<string, number>>;

interface Field {
  readonly load: HostileLoad;
  readonly honest: Program<HonestProgram>;
  readonly attackers: Program<AttackerProgram>;
  readonly burners: readonly Program<BurnProgram>[];
  readonly gauges: Gauges;
  readonly tell: (line: string) => void;
}

/**
 * Measures what each kind of hostile client does to honest ones. Starts and stops everything by itself.
 * @returns the bounds that were broken, in words
 */
export async function runHostileLoad(load: HostileLoad, tell: (line: string) => void): Promise<readonly string[]> {
  const conditions = runConditions(new Date());
  tell(`open files at most: ${execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()}`);
  const mint = await startLoneMint('hostile', settingsOf(load));
  const programs: Pick<Program<Calls>, 'stop'>[] = [];
  const start = async <C extends Calls>(file: string) => {
    const program = await startProgram<C>(`../load/${file}`);
    programs.push(program);
    return program;
  };
  try {
    const honest = await start<HonestProgram>('hostile-honest.ts');
    const attackers = await start<AttackerProgram>('hostile-attackers.ts');
    const cores = Array.from({ length: availableParallelism() });
    const burners = await Promise.all(cores.map(() => start<BurnProgram>('hostile-burn.ts')));
    const gauges = gaugesOf(mint, { honest: honest.pid, attackers: attackers.pid });
    return await attackInRounds({ load, honest, attackers, burners, gauges, tell }, mint.url, conditions);
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await mint.stop();
  }
}

function settingsOf({ profileDir }: HostileLoad) {
  const settings = { MINT_RATE_PER_IP_MIN: '6000', OTEL_TRACES_SAMPLER_ARG: '0' };
  return profileDir === undefined ? settings : { ...settings, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` };
}

function gaugesOf({ stack }: LoneMint, programs: Readonly<Record<string, number>>): Gauges {
  const servers = Object.fromEntries(stack.servers.started.map((server) => [server.name, server.pid()]));
  const services = { mint: stack.process('mint').pid(), signatory: stack.process('signatory').pid() };
  return watchMint(metricsPortOf(portOf(stack.options, 'mintGrpc')), { ...services, ...servers, ...programs });
}

async function attackInRounds(
  field: Field,
  url: string,
  conditions: ReturnType<typeof runConditions>,
): Promise<readonly string[]> {
  const { load, honest, attackers, tell } = field;
  const keyset = await satKeyset(url);
  const kinds = await chosenKinds(field);
  const swaps = load.rounds * (2 * kinds.length + 1) * Math.ceil(load.ratePerS * load.seconds);
  tell(`minting proofs for ${swaps} honest swaps`);
  const done = await honest.call('open', { url, swaps });
  await attackers.call('open', { url, keyset, done });
  const rounds: (Round & { readonly figures: Figures })[] = [];
  while (rounds.length < load.rounds) rounds.push(await oneRound(field, rounds.length + 1, kinds));
  const broken = brokenBounds(rounds);
  tell(`memory: the last round left ${growthMib(rounds)} MiB more than the one before`);
  if (load.profileDir !== undefined) return broken;
  const figures = Object.fromEntries(rounds.map((round, at) => [`round${at + 1}`, round.figures]));
  const asked = { swapsPerS: load.ratePerS, secondsOfEach: load.seconds };
  const verdict = { bounds: { ...BOUNDS }, broken, growthMib: growthMib(rounds) };
  appendEntry({ ...conditions, name: 'hostile', figures: { ...figures, ...asked, ...verdict }, method: METHOD });
  return broken;
}

async function chosenKinds({ load: { only }, attackers }: Field): Promise<readonly string[]> {
  const kinds = await attackers.call('kinds');
  const unknown = only.find((kind) => !kinds.includes(kind));
  if (unknown !== undefined) throw new Error(`there is no kind ${unknown}; there are ${kinds.join(', ')}`);
  return only.length === 0 ? kinds : only;
}

async function oneRound(field: Field, round: number, kinds: readonly string[]) {
  const { load, gauges, burners, attackers, tell } = field;
  const { seconds } = load;
  tell(`round ${round}`);
  const burn = async () => {
    await Promise.all(burners.map((burner) => burner.call('burn', { seconds })));
    return {};
  };
  const alone = await beside(field, 'alone', async () => ({}));
  const seen: (Seen & { readonly figures: Figures })[] = [];
  for (const kind of kinds) {
    // Just before it, for a machine has its moods.
    const control = await beside(field, CONTROL, burn);
    const attacked = await beside(field, kind, () => attackers.call('attack', { name: kind, seconds }));
    const { failed, p99Ms } = attacked;
    seen.push({ kind, round, failed, p99Ms, controlP99Ms: control.p99Ms, figures: { control, ...attacked } });
  }
  const byKind = Object.fromEntries(seen.map(({ kind, figures }) => [kind, figures]));
  const rssMib = gauges.rssMib();
  return { seen, rssMib, figures: { alone, ...byKind, rssMib } };
}

/** Honest swaps beside something else, and what that did to the mint. */
async function beside({ load, honest, gauges, tell }: Field, what: string, run: () => Promise<Answers>) {
  const { ratePerS, seconds } = load;
  const before = gauges.rssMib();
  const read = await gauges.start();
  const [swapped, answers] = await Promise.all([honest.call('swap', { ratePerS, seconds }), run()]);
  const reading = await read();
  if (what !== CONTROL) await wait(CALM_MS);
  const rssMib = { before, atTheEnd: reading.rssMib, after: gauges.rssMib() };
  const { p50Ms, p99Ms, swaps, failed, fault } = swapped;
  const figures = { swaps, failed, fault, p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms), answers, ...costOf(reading) };
  tell(described(what, { ...figures, rssMib }));
  return { ...figures, rssMib };
}

function costOf({ stallMaxMs, stallP99Ms, rssMib: _, ...rest }: Reading) {
  return { stallMaxMs: rounded(stallMaxMs), stallP99Ms: rounded(stallP99Ms), ...rest };
}

function described(what: string, figures: Awaited<ReturnType<typeof beside>>): string {
  const { p50Ms, p99Ms, failed, fault, stallMaxMs, rssMib, heapMib, externalMib, cpuSeconds, answers } = figures;
  const times = `p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${failed} failed${failed === 0 ? '' : ` (${fault})`}`;
  const state = `event loop stalled ${stallMaxMs} ms at most, RSS ${Object.values(rssMib).join(' → ')} MiB`;
  const memory = `heap ${heapMib.used} of ${heapMib.total} MiB, buffers ${externalMib}`;
  const more = `${memory}, CPU seconds ${JSON.stringify(cpuSeconds)}, answers ${JSON.stringify(answers)}`;
  return `${what.padEnd(16)} ${times}; ${state}\n${''.padEnd(16)} ${more}`;
}

async function satKeyset(url: string): Promise<string> {
  const answer = z.object({ keysets: z.array(z.object({ id: z.string(), unit: z.string() })) });
  const { keysets } = answer.parse(await (await fetch(`${url}/v1/keysets`)).json());
  const found = keysets.find(({ unit }) => unit === 'sat');
  if (found === undefined) throw new Error(`${url} has no keyset of sat`);
  return found.id;
}
