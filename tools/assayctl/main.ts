import { runAssayctl } from './command-line.ts';
import { ENVIRONMENT } from './config.ts';

const interrupt = new AbortController();
process.on('SIGINT', () => interrupt.abort());

// A reader that has seen enough (`| head`) ends the pipe.
process.stdout.on('error', () => process.exit());

process.exitCode = await runAssayctl(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  environment: ENVIRONMENT,
  signal: interrupt.signal,
});
