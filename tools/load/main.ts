import { Command } from 'commander';
import { integerIn } from '../numeric-flags.ts';
import { HOSTILE_BOUNDS, runHostile } from './hostile-command.ts';
import { runStratumLoad } from './stratum-command.ts';

const command = new Command('npm run load --').description('Bounded load on services of this machine.');
command
  .command('stratum', { isDefault: true })
  .description('Stratum load on a pool whose lowest difficulty is 2^-32. Prints JSON.')
  .requiredOption('--key <hex>', 'locking key that the shares are credited to')
  .option('--port <port>', 'Stratum port', integerIn(1, 65_535), 3_333)
  .option('--connections <n>', 'connections', integerIn(1, 10_000), 16)
  .option('--in-flight <n>', 'closed loop: unanswered submits per connection', integerIn(1, 10_000), 64)
  .option('--rate <n>', 'open loop instead: submits a second over all connections', integerIn(1, 1_000_000))
  .option('--seconds <n>', 'how long, 1 to 600', integerIn(1, 600), 10)
  .option('--log <file>', 'write the header hash of every share that was answered true')
  .action(runStratumLoad);
command
  .command('hostile')
  .description('What each kind of hostile client does to honest wallets of a mint that it starts itself.')
  .argument('[kinds...]', 'kinds of attack; all when left out')
  .option('--rate <n>', 'swaps of honest wallets a second', integerIn(1, 10_000), 25)
  .option('--seconds <n>', 'of each measurement, 1 to 60', integerIn(1, 60), 4)
  .option('--rounds <n>', 'of all kinds, 1 to 10; memory is compared between the last two', integerIn(1, 10), 3)
  .option('--profile <dir>', 'the mint leaves a CPU profile there, and its hottest functions are printed; no history')
  .addHelpText('after', HOSTILE_BOUNDS)
  .action(runHostile);
await command.parseAsync();
