import { Command } from 'commander';
import { messageOf } from '@assay/shared/kernel/fault-text';
import { fraction, integerIn } from '../numeric-flags.ts';
import { startMiner } from './miner.ts';

const options = new Command('npm run miner --')
  .description('A CPU miner for development: Stratum V1, no extensions.')
  .requiredOption('--key <hex>', 'locking key (compressed public key) that the shares are credited to')
  .option('--host <host>', 'pool', '127.0.0.1')
  .option('--port <port>', 'Stratum port', integerIn(1, 65_535), 3_333)
  .option('--worker <name>', 'worker name', 'cpu')
  .option('--password <text>', 'password, for instance d=0.001', 'x')
  .option('--threads <n>', 'hashing threads', integerIn(1, 256), 1)
  .option('--load <fraction>', 'share of a core that each thread may use', fraction, 1)
  .parse()
  .opts<Record<'key' | 'host' | 'worker' | 'password', string> & Record<'port' | 'threads' | 'load', number>>();

let said = '';
const miner = startMiner({
  host: options.host,
  port: options.port,
  username: `${options.key}.${options.worker}`,
  password: options.password,
  threads: options.threads,
  load: options.load,
  answered: (hash, answer) => console.log(answer === true ? `accepted ${hash}` : `refused ${answer} ${hash}`),
  refused: (error) => {
    const why = messageOf(error);
    if (why !== said) console.error(`no connection: ${why}; trying again`);
    said = why;
  },
});
process.once('SIGINT', () => void miner.stop());
process.once('SIGTERM', () => void miner.stop());
