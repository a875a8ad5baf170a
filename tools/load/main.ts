import { Command } from 'commander';
import { HOSTILE_BOUNDS, HOSTILE_MAX, runHostile } from './hostile-command.ts';
import { MAX_SECONDS, runStratumLoad } from './stratum-command.ts';

const command = new Command('npm run load --').description('Bounded load on services of this machine.');
command
  .command('stratum', { isDefault: true })
  .description('Stratum load on a pool whose lowest difficulty is 2^-32. Prints JSON.')
  .requiredOption('--key <hex>', 'locking key that the shares are credited to')
  .option('--port <port>', 'Stratum port', '3333')
  .option('--connections <n>', 'connections', '16')
  .option('--in-flight <n>', 'closed loop: unanswered submits per connection', '64')
  .option('--rate <n>', 'open loop instead: submits a second over all connections')
  .option('--seconds <n>', `how long, at most ${MAX_SECONDS}`, '10')
  .option('--log <file>', 'write the header hash of every share that was answered true')
  .action(runStratumLoad);
command
  .command('hostile')
  .description('What each kind of hostile client does to honest wallets of a mint that it starts itself.')
  .argument('[kinds...]', 'kinds of attack; all when left out')
  .option('--rate <n>', 'swaps of honest wallets a second', '25')
  .option('--seconds <n>', `of each measurement, at most ${HOSTILE_MAX.seconds}`, '4')
  .option('--rounds <n>', `of all kinds, at most ${HOSTILE_MAX.rounds}; memory is compared between the last two`, '3')
  .option('--profile <dir>', 'the mint leaves a CPU profile there, and its hottest functions are printed; no history')
  .addHelpText('after', HOSTILE_BOUNDS)
  .action(runHostile);
await command.parseAsync();
