import { type Command, Option } from 'commander';
import type { DeadLetter } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { GrpcCallError } from '@assay/shared/runtime/grpc-client';
import { adminCall, type AdminOptions, withAdminOptions } from '../admin-call.ts';
import { count, oneOf } from '../argument-values.ts';
import { UsageError } from '../exit-codes.ts';
import { letterOffice, LETTER_HOLDERS, type LetterHolder } from '../letter-offices.ts';
import { DEAD_LETTER_CLASSES, DEAD_LETTER_STATES, plainOf, type PlainRecord } from '../plain.ts';
import type { Run, Session } from '../session.ts';
import { type Column, timeText } from '../table.ts';

type LetterClass = ReturnType<typeof DEAD_LETTER_CLASSES.valueOf>;
type Holder = { readonly service?: LetterHolder };
type ListOptions = Holder & { readonly state: string; readonly class?: LetterClass; readonly limit: number };
type ReplayOptions = AdminOptions & Holder & { readonly class?: LetterClass };

const ANY = 'any';
const COLUMNS: readonly Column[] = [
  { title: 'service', of: (letter) => String(letter['service']) },
  { title: 'class', of: (letter) => String(letter['class']) },
  { title: 'code', of: (letter) => String(letter['code']) },
  { title: 'state', of: (letter) => String(letter['state']) },
  { title: 'tries', of: (letter) => String(letter['deliveries']), align: 'right' },
  { title: 'last seen', of: (letter) => timeText(String(letter['lastSeenMs'])) },
  { title: 'id', of: (letter) => String(letter['deadLetterId']) },
];

export function addDeadLetterCommands(program: Command, run: Run): void {
  const letters = program.command('dead-letters').description('messages that mint and auditor could not carry out');
  const service = () => new Option('--service <name>', 'only of this service').choices([...LETTER_HOLDERS]);
  const letterClass = () =>
    new Option('--class <class>', DEAD_LETTER_CLASSES.names.join('|').toLowerCase()).argParser(
      oneOf(DEAD_LETTER_CLASSES),
    );
  const states = [...DEAD_LETTER_STATES.names.map((name) => name.toLowerCase()), ANY];
  letters
    .command('list')
    .description('dead letters of both services')
    .addOption(service())
    .addOption(new Option('--state <state>').choices(states).default('open'))
    .addOption(letterClass())
    .option('--limit <n>', 'rows of each service at most; 0 for all', count, 100)
    .action((options: ListOptions, command: Command) => run(command, (session) => list(session, options)));
  letters
    .command('show')
    .description('one dead letter with the message inside')
    .argument('<id>')
    .addOption(service())
    .action((id: string, options: Holder, command: Command) => run(command, (session) => show(session, id, options)));
  withAdminOptions(letters.command('replay').description('try again: some by id, or all open ones of a class'))
    .argument('[ids...]')
    .addOption(service())
    .addOption(letterClass())
    .action((ids: string[], options: ReplayOptions, command: Command) =>
      run(command, (session) => replay(session, ids, options)),
    );
  withAdminOptions(letters.command('drop').description('give one up for good; a dropped batch is INVALID'))
    .argument('<id>')
    .addOption(service())
    .action((id: string, options: AdminOptions & Holder, command: Command) =>
      run(command, (session) => drop(session, id, options)),
    );
}

function letterRecord(service: LetterHolder, letter: DeadLetter): PlainRecord {
  return { service, ...plainOf(letter, { class: DEAD_LETTER_CLASSES, state: DEAD_LETTER_STATES }) };
}

async function list({ connections, output }: Session, options: ListOptions): Promise<void> {
  const holders = options.service === undefined ? LETTER_HOLDERS : [options.service];
  const query = {
    state: DEAD_LETTER_STATES.valueOf(options.state) ?? DEAD_LETTER_STATES.unspecified,
    class: options.class ?? DEAD_LETTER_CLASSES.unspecified,
  };
  const lists = await Promise.all(
    holders.map(async (holder) => ({
      holder,
      ...(await letterOffice(connections, holder).list(query, options.limit)),
    })),
  );
  output.list(
    COLUMNS,
    lists.flatMap(({ holder, rows }) => rows.map((letter) => letterRecord(holder, letter))),
  );
  for (const { holder, more } of lists)
    if (more) output.note(`${holder} has more than ${options.limit}: raise --limit`);
}

async function show({ connections, output }: Session, id: string, options: Holder): Promise<void> {
  const { holder, letter } = await find(connections, id, options);
  output.one(letterRecord(holder, letter));
}

/** The letter, at whichever service has it. */
async function find(connections: Session['connections'], id: string, { service }: Holder) {
  if (service !== undefined) return { holder: service, letter: await letterOffice(connections, service).get(id) };
  let unknown: unknown;
  for (const holder of LETTER_HOLDERS) {
    try {
      return { holder, letter: await letterOffice(connections, holder).get(id) };
    } catch (error) {
      if (!(error instanceof GrpcCallError && error.code === 'NOT_FOUND')) throw error;
      unknown = error;
    }
  }
  throw unknown;
}

async function replay(session: Session, ids: readonly string[], options: ReplayOptions): Promise<void> {
  const [first] = ids;
  if ((first === undefined) === (options.class === undefined))
    throw new UsageError('give either ids, or --class with --service');
  if (first === undefined && options.service === undefined) throw new UsageError('--class needs --service');
  const holder = options.service ?? (await find(session.connections, first ?? '', options)).holder;
  const office = letterOffice(session.connections, holder);
  const request = { deadLetterIds: [...ids], class: options.class ?? DEAD_LETTER_CLASSES.unspecified };
  const call = { ...office.admin('ReplayDeadLetters'), request, enums: { class: DEAD_LETTER_CLASSES } };
  const answer = await adminCall(session, options, call, office.replay);
  if (answer !== undefined) session.output.one({ service: holder, replayed: answer.replayed });
}

async function drop(session: Session, id: string, options: AdminOptions & Holder): Promise<void> {
  const { holder } = await find(session.connections, id, options);
  const office = letterOffice(session.connections, holder);
  const call = { ...office.admin('DropDeadLetter'), request: { deadLetterId: id } };
  const answer = await adminCall(session, options, call, office.drop);
  if (answer?.deadLetter !== undefined) session.output.one(letterRecord(holder, answer.deadLetter));
}
