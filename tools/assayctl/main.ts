import { runAssayctl } from './command-line.ts';
import { ENVIRONMENT } from './config.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());

const code = await runAssayctl(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  environment: ENVIRONMENT,
  signal: interrupt.signal,
});
// A reader that has seen enough (`| head`) ends the pipe.
process.exitCode = code;
