import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { durationMs } from './argument-values.ts';
import { addBreachCommands } from './commands/breaches.ts';
import { addDeadLetterCommands } from './commands/dead-letters.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addGrantCommands } from './commands/grants.ts';
import { addIssuanceCommands } from './commands/issuance.ts';
import { addKeysetCommands } from './commands/keysets.ts';
import { addOperationCommands } from './commands/operations.ts';
import { addQuoteCommands } from './commands/quotes.ts';
import { addSupplyCommand } from './commands/supply.ts';
import { addTraceCommand } from './commands/trace.ts';
import { completionScript, type Shell, SHELLS } from './completion.ts';
import { createConnections } from './connections.ts';
import { type Ending, endingOf, EXIT_CODES, FailedChecks } from './exit-codes.ts';
import { createOutput, type Format, FORMATS, type Streams } from './output.ts';
import { explain } from './remedies.ts';
import type { Run } from './session.ts';
import { type Given, SETTINGS, settingsOf, type Sources, variableOf } from './settings.ts';

const NAME = 'assayctl';

/** The surroundings of a run. */
export interface Surroundings extends Streams {
  readonly environment: Sources['environment'];
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}

type GlobalOptions = Given & {
  readonly output: Format;
  readonly deadline: number;
  readonly color: boolean;
  readonly config?: string;
  readonly data?: string;
};

/** Runs one command line. Resolves with the exit code of `EXIT_CODES`; never rejects. */
export async function runAssayctl(argv: readonly string[], around: Surroundings): Promise<number> {
  const program = buildProgram(around);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return EXIT_CODES.ok.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
    const ending: Ending = around.signal.aborted ? 'interrupted' : endingOf(error);
    const { output } = program.opts<GlobalOptions>();
    if (ending !== 'interrupted' && !(error instanceof FailedChecks)) around.err(faultText(error, ending, output));
    return EXIT_CODES[ending].code;
  }
}

/** For people in three lines; for scripts, which asked for data, as one line of JSON. */
function faultText(error: unknown, ending: Ending, format: Format): string {
  const { message, code, reason, remedy } = explain(error);
  if (format !== 'table') return `${JSON.stringify({ error: { ending, code, reason, message, remedy } })}\n`;
  const named = reason === '' ? code : `${reason} (${code})`;
  const lines = [`${NAME}: ${message}`, named && `  reason: ${named}`, remedy && `  try: ${remedy}`];
  return lines.map((line) => (line === '' ? '' : `${line}\n`)).join('');
}

function buildProgram(around: Surroundings): Command {
  const program = new Command(NAME)
    .description('Asks and commands the services of Assay over gRPC.')
    .version(versionOfTools())
    .configureHelp({ showGlobalOptions: true, sortSubcommands: true })
    .configureOutput({ writeOut: around.out, writeErr: around.err })
    .showSuggestionAfterError()
    .exitOverride();
  addGlobalOptions(program);
  const run = runnerFor(around);
  addQuoteCommands(program, run);
  addSupplyCommand(program, run);
  addKeysetCommands(program, run);
  addIssuanceCommands(program, run);
  addGrantCommands(program, run);
  addOperationCommands(program, run);
  addDeadLetterCommands(program, run);
  addBreachCommands(program, run);
  addTraceCommand(program, run);
  addDoctorCommand(program, run);
  program
    .command('completion')
    .description('a script that completes commands in your shell')
    .addArgument(new Argument('<shell>').choices([...SHELLS]))
    .action((shell: Shell) => around.out(completionScript(program, shell)));
  return program.addHelpText('after', helpTail());
}

function addGlobalOptions(program: Command): void {
  program.addOption(new Option('-o, --output <format>').choices([...FORMATS]).default('table'));
  for (const [name, description] of SETTINGS) {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    program.option(`${flag} <${valueName(name)}>`, description);
  }
  program
    .addOption(new Option('--deadline <time>', 'for each answer').argParser(durationMs).default(10_000, '10s'))
    .option('--data <dir>', 'data directory of the local stack that is meant (default: the one that runs)')
    .option('--config <file>', 'JSON with the settings above, in camel case (default: ~/.config/assayctl/config.json)')
    .option('--no-color', 'no colours on a terminal (also NO_COLOR)');
}

function valueName(name: (typeof SETTINGS)[number][0]): string {
  if (name === 'cert' || name === 'key' || name === 'ca') return 'file';
  if (name === 'actor') return 'name';
  return name === 'mintUrl' || name === 'nats' || name === 'mongo' || name === 'traces' ? 'url' : 'address';
}

function helpTail(): string {
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`);
  const variables = SETTINGS.map(([name]) => variableOf(name)).join(' ');
  return [
    '\nAddresses default to the local stack that runs, else to its default ports. A flag outranks its variable,',
    `and that the file of --config: ${variables} ASSAYCTL_CONFIG ASSAYCTL_DATA`,
    '\nExit codes:',
    ...codes,
  ].join('\n');
}

/** How each command gets what it works with, and gives it back. */
function runnerFor(around: Surroundings): Run {
  return async (command, work) => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const settings = settingsOf({ flags: options, environment: around.environment });
    const coloured = around.isTerminal && options.color && !around.environment['NO_COLOR'];
    const connections = createConnections(settings, options.deadline);
    const output = createOutput(options.output, around, coloured);
    try {
      await work({ connections, output, signal: around.signal, deadlineMs: options.deadline, coloured });
    } finally {
      connections.close();
    }
  };
}

function versionOfTools(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}
