import { type Command, InvalidArgumentError } from 'commander';
import type { Control } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { IssuanceLevel } from '@assay/proto/gen/assay/mint/v1/events';
import { adminCall, type AdminOptions, withAdminOptions } from '../admin-call.ts';
import { ISSUANCE_LEVELS, plainOf } from '../plain.ts';
import type { Run, Session } from '../session.ts';

type PauseOptions = AdminOptions & { readonly level: PauseLevel; readonly breachId: string };
type PauseLevel = typeof IssuanceLevel.ISSUANCE_LEVEL_ISSUANCE | typeof IssuanceLevel.ISSUANCE_LEVEL_ALL;

export function addIssuanceCommands(program: Command, run: Run): void {
  withAdminOptions(program.command('pause').description('stop the mint; a higher level stays'))
    .requiredOption('--level <level>', 'issuance: no minting; all: no swaps, melts and redeems either', pauseLevel)
    .option('--breach-id <id>', 'the breach behind it', '')
    .action((options: PauseOptions, command: Command) => run(command, (session) => pause(session, options)));
  withAdminOptions(program.command('resume').description('let the mint go on; refused while a breach is open')).action(
    (options: AdminOptions, command: Command) => run(command, (session) => resume(session, options)),
  );
}

function pauseLevel(text: string): PauseLevel {
  if (/^issuance$/i.test(text)) return IssuanceLevel.ISSUANCE_LEVEL_ISSUANCE;
  if (/^all$/i.test(text)) return IssuanceLevel.ISSUANCE_LEVEL_ALL;
  throw new InvalidArgumentError('give issuance or all');
}

async function pause(session: Session, options: PauseOptions): Promise<void> {
  const request = { level: options.level, breachId: options.breachId };
  const method = 'MintService/PauseIssuance';
  const call = { service: 'mint', method, request, enums: { level: ISSUANCE_LEVELS } } as const;
  const answer = await adminCall(session, options, call, async (full) =>
    (await session.connections.to('mint')).pauseIssuance(full),
  );
  show(session, answer?.control);
}

async function resume(session: Session, options: AdminOptions): Promise<void> {
  const call = { service: 'mintAdmin', method: 'MintAdminService/ResumeIssuance', request: {} } as const;
  const answer = await adminCall(session, options, call, async (full) =>
    (await session.connections.to('mintAdmin')).resumeIssuance(full),
  );
  show(session, answer?.control);
}

function show({ output }: Session, control: Control | undefined): void {
  if (control !== undefined) output.one(plainOf(control, { level: ISSUANCE_LEVELS }));
}
