import { Command } from 'commander';
import { startMiner } from './miner.ts';

const options = new Command('miner')
  .description('A CPU miner for development: Stratum V1, no extensions.')
  .requiredOption('--key <hex>', 'locking key (compressed public key) that the shares are credited to')
  .option('--host <host>', 'pool', '127.0.0.1')
  .option('--port <port>', 'Stratum port', '3333')
  .option('--worker <name>', 'worker name', 'cpu')
  .option('--password <text>', 'password, for instance d=0.001', 'x')
  .option('--threads <n>', 'hashing threads', '1')
  .option('--load <fraction>', 'share of a core that each thread may use', '1')
  .parse()
  .opts<Record<'key' | 'host' | 'port' | 'worker' | 'password' | 'threads' | 'load', string>>();

const miner = startMiner({
  host: options.host,
  port: Number(options.port),
  username: `${options.key}.${options.worker}`,
  password: options.password,
  threads: Number(options.threads),
  load: Number(options.load),
  answered: (hash, answer) => console.log(answer === true ? `accepted ${hash}` : `refused ${answer} ${hash}`),
});
process.once('SIGINT', () => void miner.stop());
process.once('SIGTERM', () => void miner.stop());
