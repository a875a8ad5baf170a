import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { CACHE } from '@assay/testkit/find-server';
import { type Figures, rounded } from '../bench/benchmark.ts';
import { type CpuSeconds, measureCpu } from '../bench/cpu-usage.ts';
import { appendEntry, runConditions } from '../bench/history.ts';
import { type Program, startProgram } from '../bench/program.ts';
import { freePortBase } from '../stack/free-port-base.ts';
import { DEFAULT_OPTIONS } from '../stack/options.ts';
import { portOf } from '../stack/port-plan.ts';
import { startStack } from '../stack/stack.ts';
import type { AttackerProgram } from './hostile-attackers.ts';
import type { HonestProgram } from './hostile-honest.ts';

export interface HostileLoad {
  /** Swaps of honest wallets. */
  readonly ratePerS: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** Kinds of attack; all when empty. */
  readonly only: readonly string[];
}

const METHOD =
  'a mint of its own with its default limits, fake Lightning and real MongoDB; honest wallets (127.0.0.1) swap two proofs for ' +
  'two, each at its time whatever the answers, latency from the time at which it was due; before each kind of attack (20 ' +
  'addresses, 127.0.1.x) the same without it, for as long; resident memory of the mint before and 3 s after';
/** What an attack leaves behind is gone then. */
const CALM_MS = 3_000;

interface Field {
  readonly load: HostileLoad;
  readonly honest: Program<HonestProgram>;
  readonly attackers: Program<AttackerProgram>;
  readonly mintPid: number;
  /** Name → pid of all that work. */
  readonly pids: Readonly<Record<string, number>>;
  readonly tell: (line: string) => void;
}

/** Measures what each kind of hostile client does to honest ones. Starts and stops everything by itself. */
export async function runHostileLoad(load: HostileLoad, tell: (line: string) => void): Promise<void> {
  mkdirSync(join(CACHE, 'run'), { recursive: true });
  const dataDir = mkdtempSync(join(CACHE, 'run/hostile-'));
  const options = {
    ...DEFAULT_OPTIONS,
    only: 'mint',
    bolt11: 'fake',
    portBase: await freePortBase(),
    dataDir,
  } as const;
  const mint = { MINT_RATE_PER_IP_MIN: '6000', OTEL_TRACES_SAMPLER_ARG: '0' };
  const conditions = runConditions(new Date());
  tell(`open files at most: ${execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()}`);
  const stack = await startStack({ options, overrides: { mint } });
  const [honest, attackers] = await Promise.all([
    startProgram<HonestProgram>('../load/hostile-honest.ts'),
    startProgram<AttackerProgram>('../load/hostile-attackers.ts'),
  ]);
  try {
    const url = `http://127.0.0.1:${portOf(options, 'mintHttp')}`;
    const kinds = await attackers.call('open', { url, keyset: await satKeyset(url) });
    const chosen = kinds.filter((kind) => load.only.length === 0 || load.only.includes(kind));
    tell(`minting for ${chosen.length} kinds of attack`);
    await honest.call('open', { url, swaps: 2 * (chosen.length + 1) * load.ratePerS * load.seconds });
    const mintPid = stack.process('mint').pid();
    const servers = Object.fromEntries(stack.servers.started.map((server) => [server.name, server.pid()]));
    const programs = { honest: honest.pid, attackers: attackers.pid };
    const pids = { mint: mintPid, signatory: stack.process('signatory').pid(), ...servers, ...programs };
    const field = { load, honest, attackers, mintPid, pids, tell };
    await swapsBeside(field, undefined);
    const figures: Record<string, Figures> = {};
    for (const kind of chosen) figures[kind] = await measure(field, kind);
    appendEntry({ ...conditions, name: 'hostile', figures: { ...figures, ...limitsOf(load) }, method: METHOD });
  } finally {
    await Promise.all([honest.stop(), attackers.stop()]);
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const limitsOf = ({ ratePerS, seconds }: HostileLoad) => ({ swapsPerS: ratePerS, secondsOfEach: seconds });

async function measure(field: Field, kind: string): Promise<Figures> {
  const alone = await swapsBeside(field, undefined);
  const rssBefore = residentMib(field.mintPid);
  const beside = await swapsBeside(field, kind);
  const rssPeak = residentMib(field.mintPid);
  await wait(CALM_MS);
  const rssMib = { before: rssBefore, atTheEnd: rssPeak, after: residentMib(field.mintPid) };
  const p99Ratio = rounded(beside.p99Ms / alone.p99Ms);
  const times = `p50 ${alone.p50Ms} → ${beside.p50Ms} ms, p99 ${alone.p99Ms} → ${beside.p99Ms} ms (×${p99Ratio})`;
  field.tell(`${kind.padEnd(16)} ${times}, ${beside.failed} failed, RSS ${Object.values(rssMib).join(' → ')} MiB`);
  const shots = Object.values(beside.answers).reduce((sum, count) => sum + count, 0);
  const more = Math.max(0, mintSeconds(beside) - mintSeconds(alone));
  // Sockets that only stand open are not answered.
  const mintCpuMsEach = shots === 0 ? 0 : rounded((1_000 * more) / shots);
  field.tell(`${''.padEnd(16)} CPU seconds ${JSON.stringify(beside.cpuSeconds)}`);
  field.tell(`${''.padEnd(16)} answered ${JSON.stringify(beside.answers)}, ${mintCpuMsEach} ms of the mint's CPU each`);
  return { alone, beside, p99Ratio, mintCpuMsEach, rssMib };
}

const mintSeconds = ({ cpuSeconds }: { readonly cpuSeconds: CpuSeconds }) => cpuSeconds['mint'] ?? 0;

async function swapsBeside({ load, honest, attackers, pids }: Field, kind: string | undefined) {
  const { ratePerS, seconds } = load;
  const used = measureCpu(pids);
  const attack: Promise<Record<string, number>> =
    kind === undefined ? Promise.resolve({}) : attackers.call('attack', { name: kind, seconds });
  const [figures, answers] = await Promise.all([honest.call('swap', { ratePerS, seconds }), attack]);
  const { p50Ms, p99Ms, ...counts } = figures;
  const cpuSeconds = used();
  return { ...counts, p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms), cpuSeconds, answers };
}

async function satKeyset(url: string): Promise<string> {
  const answer = z.object({ keysets: z.array(z.object({ id: z.string(), unit: z.string() })) });
  const { keysets } = answer.parse(await (await fetch(`${url}/v1/keysets`)).json());
  const found = keysets.find(({ unit }) => unit === 'sat');
  if (found === undefined) throw new Error(`${url} has no keyset of sat`);
  return found.id;
}

function residentMib(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1_024);
}
