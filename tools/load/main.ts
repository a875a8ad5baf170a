import { createWriteStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { hashOf } from './stratum-connection.ts';
import { startStratumLoad } from './stratum-load.ts';

const MAX_SECONDS = 600;

const options = new Command('npm run load --')
  .description('Bounded Stratum load on a pool of this machine whose lowest difficulty is 2^-32. Prints JSON.')
  .requiredOption('--key <hex>', 'locking key that the shares are credited to')
  .option('--port <port>', 'Stratum port', '3333')
  .option('--connections <n>', 'connections', '16')
  .option('--in-flight <n>', 'closed loop: unanswered submits per connection', '64')
  .option('--rate <n>', 'open loop instead: submits a second over all connections')
  .option('--seconds <n>', `how long, at most ${MAX_SECONDS}`, '10')
  .option('--log <file>', 'write the header hash of every share that was answered true')
  .parse()
  .opts<Record<'key' | 'port' | 'connections' | 'inFlight' | 'seconds', string> & { rate?: string; log?: string }>();

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
