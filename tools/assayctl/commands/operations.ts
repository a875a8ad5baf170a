import type { Command } from 'commander';
import { OPERATION_KINDS, OPERATION_STATES, plainOf } from '../plain.ts';
import type { Run, Session } from '../session.ts';

export function addOperationCommands(program: Command, run: Run): void {
  program
    .command('operations')
    .description('swaps, mints, melts and redeems')
    .command('get')
    .description('one operation, without secrets and signatures')
    .argument('<op-id>', '64 hex digits')
    .action((opId: string, _options: object, command: Command) => run(command, (session) => get(session, opId)));
}

async function get({ connections, output }: Session, opId: string): Promise<void> {
  const { operation } = await (await connections.to('mintAdmin')).getOperation({ opId });
  if (operation !== undefined) output.one(plainOf(operation, { kind: OPERATION_KINDS, state: OPERATION_STATES }));
}
