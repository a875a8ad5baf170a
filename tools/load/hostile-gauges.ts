import { readFileSync } from 'node:fs';
import { type CpuSeconds, measureCpu } from '../bench/cpu-usage.ts';
import { scrape, sumOf } from '../stack/metrics.ts';

/** What a while cost the mint and the processes around it. */
export interface Reading {
  /** Longest time for which the event loop of the mint did nothing else, beyond the interval at which it looks. */
  readonly stallMaxMs: number;
  readonly stallP99Ms: number;
  readonly rssMib: number;
  /** Of the resident memory: what V8 has for its heap, and what is in use of it, garbage included. */
  readonly heapMib: { readonly total: number; readonly used: number };
  /** Buffers outside of the heap. */
  readonly externalMib: number;
  readonly cpuSeconds: CpuSeconds;
}

export interface Gauges {
  /** Resident memory of the mint now; 0 where there is no /proc. */
  rssMib(): number;
  /** Begins a reading; the answer ends it. */
  start(): Promise<() => Promise<Reading>>;
}

const LAG = 'assay_nodejs_eventloop_lag';
const HEAP = 'assay_nodejs_heap_size';
const MEBIBYTE = 1_048_576;
/** The metric counts from one look to the next. */
const LOOK_MS = 10;

/**
 * @param metricsPort of the mint; it forgets what it measured of its event loop whenever it is asked
 * @param pids name → pid of all that work; that of the mint is `mint`
 */
export function watchMint(metricsPort: number, pids: Readonly<Record<string, number>>): Gauges {
  const rssMib = () => residentMib(pids['mint'] ?? 0);
  const told = async () => {
    const samples = await scrape([metricsPort]);
    const stallOf = (name: string) => Math.max(0, 1_000 * sumOf(samples, `${LAG}_${name}_seconds`) - LOOK_MS);
    const mibOf = (name: string) => Math.round(sumOf(samples, `${name}_bytes`) / MEBIBYTE);
    const heapMib = { total: mibOf(`${HEAP}_total`), used: mibOf(`${HEAP}_used`) };
    const externalMib = mibOf('assay_nodejs_external_memory');
    return { stallMaxMs: stallOf('max'), stallP99Ms: stallOf('p99'), heapMib, externalMib };
  };
  return {
    rssMib,
    start: async () => {
      await told();
      const used = measureCpu(pids);
      return async () => ({ ...(await told()), rssMib: rssMib(), cpuSeconds: used() });
    },
  };
}

function residentMib(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1_024);
}
