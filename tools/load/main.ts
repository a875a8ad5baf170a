import { resolve } from 'node:path';
import { Command } from 'commander';
import { hottestFunctions } from '../bench/cpu-profile.ts';
import { runHostileLoad } from './hostile.ts';
import { BOUNDS } from './hostile-bounds.ts';
import { MAX_SECONDS, runStratumLoad } from './stratum-command.ts';

const MAX_HOSTILE_SECONDS = 60;
const MAX_ROUNDS = 10;
const HOSTILE_BOUNDS = `
Ends with 1 when a bound is broken:
  * no swap of an honest wallet fails, whatever the attack
  * their p99 beside an attack is at most ${BOUNDS.p99OfControlMax} times that of the control just before: every core busy, no attack
  * the last round leaves at most ${BOUNDS.growthMibMax} MiB more in the mint than the one before
Takes a minute to begin, and then rounds × (2 × kinds + 1) × (seconds + 3).`;

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
  .option('--rate <n>', 'swaps of honest wallets a second', '20')
  .option('--seconds <n>', `of each measurement, at most ${MAX_HOSTILE_SECONDS}`, '6')
  .option('--rounds <n>', `of all kinds, at most ${MAX_ROUNDS}; memory is compared between the last two`, '2')
  .option('--profile <dir>', 'the mint leaves a CPU profile there, and its hottest functions are printed; no history')
  .addHelpText('after', HOSTILE_BOUNDS)
  .action(hostile);
await command.parseAsync();

interface HostileFlags {
  readonly rate: string;
  readonly seconds: string;
  readonly rounds: string;
  readonly profile?: string;
}

async function hostile(only: string[], { rate, seconds, rounds, profile }: HostileFlags): Promise<void> {
  const tell = (line: string) => console.log(line);
  const profileDir = profile === undefined ? undefined : resolve(profile);
  const load = {
    ratePerS: Number(rate),
    seconds: Math.min(Number(seconds), MAX_HOSTILE_SECONDS),
    rounds: Math.min(Number(rounds), MAX_ROUNDS),
    ...{ only, profileDir },
  };
  const broken = await runHostileLoad(load, tell);
  if (profileDir !== undefined) hottestFunctions(profileDir).forEach(tell);
  tell(broken.length === 0 ? 'every bound was kept' : `${broken.length} bounds were broken:`);
  broken.forEach(tell);
  process.exitCode = broken.length === 0 ? 0 : 1;
}
