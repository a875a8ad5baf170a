import { createWriteStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { hashOf } from './stratum-connection.ts';
import { startStratumLoad } from './stratum-load.ts';

export const MAX_SECONDS = 600;

type StratumFlags = Record<'key' | 'port' | 'connections' | 'inFlight' | 'seconds', string> & {
  rate?: string;
  log?: string;
};

/** Sends shares as asked, and prints the figures. */
export async function runStratumLoad(options: StratumFlags): Promise<void> {
  const easiest = String(2 ** -32);
  const log = options.log === undefined ? undefined : createWriteStream(options.log);
  const load = startStratumLoad({
    host: '127.0.0.1',
    port: Number(options.port),
    usernames: Array.from({ length: Number(options.connections) }, (_, index) => `${options.key}.load${index}`),
    password: `d=${easiest},min=${easiest},max=${easiest}`,
    inFlight: Number(options.inFlight),
    ...(options.rate === undefined ? {} : { ratePerSecond: Number(options.rate) }),
    answered: (share, answer) => answer === true && log?.write(`${hashOf(share)}\n`),
  });
  const startedAt = performance.now();
  await wait(1_000 * Math.min(Number(options.seconds), MAX_SECONDS));
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage();
  const figures = {
    ...load.counts,
    perSecond: Math.round(load.counts.accepted / seconds),
    p50Ms: load.latencies.quantile(0.5),
    p99Ms: load.latencies.quantile(0.99),
    loadCpuSeconds: (user + system) / 1e6,
  };
  await load.stop();
  log?.end();
  console.log(JSON.stringify(figures));
}
