import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Grant } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { adminCall, type AdminOptions, withAdminOptions } from '../admin-call.ts';
import { amount, count, oneOf } from '../argument-values.ts';
import { rowsOf } from '../pages.ts';
import { GRANT_STATES, plainOf, type PlainRecord } from '../plain.ts';
import type { Run, Session } from '../session.ts';
import { type Column, timeText } from '../table.ts';

type ListOptions = { readonly state?: ReturnType<typeof GRANT_STATES.valueOf>; readonly limit: number };
type ProposeOptions = AdminOptions & { readonly unit: string; readonly amount: bigint; readonly grantId?: string };

const COLUMNS: readonly Column[] = [
  { title: 'grant', of: (grant) => String(grant['grantId']) },
  { title: 'state', of: (grant) => String(grant['state']) },
  { title: 'unit', of: (grant) => String(grant['unit']) },
  { title: 'amount', of: (grant) => String(grant['amount']), align: 'right' },
  { title: 'proposed by', of: (grant) => String(grant['proposedBy']) },
  { title: 'at', of: (grant) => timeText(String(grant['proposedAtMs'])) },
  { title: 'approved by', of: (grant) => String(grant['approvedBy']) },
  { title: 'reason', of: (grant) => String(grant['reason']) },
];

export function addGrantCommands(program: Command, run: Run): void {
  const grants = program.command('grants').description('credits of a fund, each by two operators');
  grants
    .command('list')
    .description('grants, proposed and approved')
    .option('--state <state>', GRANT_STATES.names.join('|').toLowerCase(), oneOf(GRANT_STATES))
    .option('--limit <n>', 'rows at most; 0 for all', count, 100)
    .action((options: ListOptions, command: Command) => run(command, (session) => list(session, options)));
  withAdminOptions(grants.command('propose').description('propose a credit, which another operator approves'))
    .requiredOption('--unit <unit>', 'of the fund, for instance sat')
    .requiredOption('--amount <n>', 'in the unit', amount)
    .option('--grant-id <id>', 'one id is one grant, for ever (default: a new one)')
    .action((options: ProposeOptions, command: Command) => run(command, (session) => propose(session, options)));
  withAdminOptions(grants.command('approve').description('credit the fund with what another operator proposed'))
    .argument('<grant-id>')
    .action((grantId: string, options: AdminOptions, command: Command) =>
      run(command, (session) => approve(session, grantId, options)),
    );
}

function grantRecord(grant: Grant): PlainRecord {
  return plainOf(grant, { state: GRANT_STATES });
}

async function list({ connections, output }: Session, { state, limit }: ListOptions): Promise<void> {
  const admin = await connections.to('mintAdmin');
  const { rows, more } = await rowsOf(limit, async (page) => {
    const answer = await admin.listGrants({ state: state ?? GRANT_STATES.unspecified, ...page });
    return { rows: answer.grants, nextPageToken: answer.nextPageToken };
  });
  output.list(COLUMNS, rows.map(grantRecord));
  if (more) output.note(`there are more than ${limit}: raise --limit, or 0 for all`);
}

async function propose(session: Session, options: ProposeOptions): Promise<void> {
  const request = { grantId: options.grantId ?? randomUUID(), unit: options.unit, amount: options.amount };
  const call = { service: 'mintAdmin', method: 'MintAdminService/GrantFund', request } as const;
  // A repeat has to say the same content, so the grant's id is told with the request's.
  if (!options.dryRun)
    session.output.note(`grant id ${request.grantId}  (repeat with --grant-id ${request.grantId} too)`);
  const answer = await adminCall(session, options, call, async (full) =>
    (await session.connections.to('mintAdmin')).grantFund(full),
  );
  if (answer?.grant !== undefined) session.output.one(grantRecord(answer.grant));
}

async function approve(session: Session, grantId: string, options: AdminOptions): Promise<void> {
  const call = { service: 'mintAdmin', method: 'MintAdminService/ApproveGrant', request: { grantId } } as const;
  const answer = await adminCall(session, options, call, async (full) =>
    (await session.connections.to('mintAdmin')).approveGrant(full),
  );
  if (answer === undefined) return;
  const { grant, fund } = answer;
  session.output.one({
    ...(grant === undefined ? {} : grantRecord(grant)),
    fund: fund === undefined ? null : plainOf(fund),
  });
}
