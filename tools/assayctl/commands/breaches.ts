import { type Command, Option } from 'commander';
import { BreachSeverity } from '@assay/proto/gen/assay/auditor/v1/events';
import type { Breach } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { adminCall, type AdminOptions, withAdminOptions } from '../admin-call.ts';
import { count } from '../argument-values.ts';
import { enumNames } from '../enum-names.ts';
import { rowsOf } from '../pages.ts';
import { BREACH_STATES, plainOf, type PlainRecord } from '../plain.ts';
import type { Run, Session } from '../session.ts';
import { type Column, timeText } from '../table.ts';

interface ListOptions {
  readonly state: string;
  readonly limit: number;
}

const SEVERITIES = enumNames(BreachSeverity);
const ANY = 'any';
const COLUMNS: readonly Column[] = [
  { title: 'breach', of: (breach) => String(breach['breachId']) },
  { title: 'severity', of: (breach) => String(breach['severity']) },
  { title: 'state', of: (breach) => String(breach['state']) },
  { title: 'expected', of: (breach) => String(breach['expected']) },
  { title: 'found', of: (breach) => String(breach['found']) },
  { title: 'times', of: (breach) => String(breach['count']), align: 'right' },
  { title: 'last', of: (breach) => timeText(String(breach['lastAtMs'])) },
];

export function addBreachCommands(program: Command, run: Run): void {
  const breaches = program.command('breaches').description('rules that the auditor found violated');
  const states = [...BREACH_STATES.names.map((name) => name.toLowerCase()), ANY];
  breaches
    .command('list')
    .description('breaches, ascending by id')
    .addOption(new Option('--state <state>').choices(states).default('open'))
    .option('--limit <n>', 'rows at most; 0 for all', count, 100)
    .action((options: ListOptions, command: Command) => run(command, (session) => list(session, options)));
  withAdminOptions(
    breaches.command('acknowledge').description('its cause is found and mended; then the mint may resume'),
  )
    .argument('<breach-id>')
    .action((breachId: string, options: AdminOptions, command: Command) =>
      run(command, (session) => acknowledge(session, breachId, options)),
    );
}

function breachRecord(breach: Breach): PlainRecord {
  return plainOf(breach, { state: BREACH_STATES, severity: SEVERITIES });
}

async function list({ connections, output }: Session, { state, limit }: ListOptions): Promise<void> {
  const auditor = await connections.to('auditor');
  const query = { state: BREACH_STATES.valueOf(state) ?? BREACH_STATES.unspecified, severity: SEVERITIES.unspecified };
  const { rows, more } = await rowsOf(limit, async (page) => {
    const answer = await auditor.listBreaches({ ...query, ...page });
    return { rows: answer.breaches, nextPageToken: answer.nextPageToken };
  });
  output.list(COLUMNS, rows.map(breachRecord));
  if (more) output.note(`there are more than ${limit}: raise --limit, or 0 for all`);
}

async function acknowledge(session: Session, breachId: string, options: AdminOptions): Promise<void> {
  const request = { breachId };
  const call = { service: 'auditorAdmin', method: 'AuditorAdminService/AcknowledgeBreach', request } as const;
  const answer = await adminCall(session, options, call, async (full) =>
    (await session.connections.to('auditorAdmin')).acknowledgeBreach(full),
  );
  if (answer?.breach !== undefined) session.output.one(breachRecord(answer.breach));
}
