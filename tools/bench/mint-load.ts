import { type BenchContext, type Figures, rounded } from './benchmark.ts';
import { type CpuSeconds, measureCpu } from './cpu-usage.ts';
import type { Program } from './program.ts';
import type { WalletProgram } from './wallet-program.ts';

/** Longest time that one kind of request is sent. */
export const SEND_MS = 6_000;

/** Wallets that send requests to a mint, and whose CPU time is looked at meanwhile. */
export interface Load {
  readonly context: BenchContext;
  readonly wallets: Program<WalletProgram>;
  /** Name → pid of what is measured beside the wallets. */
  readonly pids: () => Readonly<Record<string, number>>;
  /** Requests that were answered as they should, by kind. */
  readonly answered: Map<RequestKind, number>;
}

export type RequestKind = 'mints' | 'batch mints' | 'swaps' | 'checks';

interface Sending {
  readonly kind: RequestKind;
  /** What kind of requests exactly, for whoever reads along. */
  readonly shape: string;
  readonly concurrency: number;
  /** Mints that share the load; the first one when left out. */
  readonly mints?: number;
  /** Signatures in an answer. */
  readonly signatures?: number;
}

/** Sends what the wallets have prepared, and tells how fast, how late and at what cost it was answered. */
export async function send({ context, wallets, pids, answered }: Load, sending: Sending): Promise<Figures> {
  const { kind, shape, concurrency, mints = 1, signatures = 0 } = sending;
  const used = measureCpu({ ...pids(), load: wallets.pid });
  const { count, seconds, p50Ms, p99Ms } = await wallets.call('send', { concurrency, mints, milliseconds: SEND_MS });
  const cpuSeconds = used();
  answered.set(kind, (answered.get(kind) ?? 0) + count);
  const perS = rounded(count / seconds);
  const latency = { p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms) };
  const times = `p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`;
  context.tell(`mint: ${perS} ${kind} ${shape} /s at ${concurrency} in flight, ${times}`);
  const signed = signatures === 0 ? {} : { signaturesPerS: rounded((count * signatures) / seconds) };
  const cost = cpuMsEach(cpuSeconds, count);
  return { perS, ...signed, ...latency, count, seconds: rounded(seconds), cpuMsEach: cost, cpuSeconds };
}

/** CPU milliseconds for one request, by process; processes of one service together. */
function cpuMsEach(cpuSeconds: CpuSeconds, count: number): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [name, seconds] of Object.entries(cpuSeconds)) {
    const service = name.replace(/-\d+$/, '');
    sums.set(service, (sums.get(service) ?? 0) + seconds);
  }
  return Object.fromEntries([...sums].map(([service, seconds]) => [service, rounded((1_000 * seconds) / count)]));
}
