import { createWriteStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { hashOf } from './stratum-connection.ts';
import { startStratumLoad } from './stratum-load.ts';

type StratumFlags = Record<'port' | 'connections' | 'inFlight' | 'seconds', number> & {
  key: string;
  rate?: number;
  log?: string;
};

/** Sends shares as asked, and prints the figures. */
export async function runStratumLoad(options: StratumFlags): Promise<void> {
  const easiest = String(2 ** -32);
  const log = options.log === undefined ? undefined : createWriteStream(options.log);
  const load = startStratumLoad({
    host: '127.0.0.1',
    port: options.port,
    usernames: Array.from({ length: options.connections }, (_, index) => `${options.key}.load${index}`),
    password: `d=${easiest},min=${easiest},max=${easiest}`,
    inFlight: options.inFlight,
    ...(options.rate === undefined ? {} : { ratePerSecond: options.rate }),
    answered: (share, answer) => answer === true && log?.write(`${hashOf(share)}\n`),
  });
  const startedAt = performance.now();
  await wait(1_000 * options.seconds);
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
