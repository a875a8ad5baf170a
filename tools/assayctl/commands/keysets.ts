import type { Command } from 'commander';
import type { Keyset } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { adminCall, type AdminOptions, withAdminOptions } from '../admin-call.ts';
import { amounts, feePpk, futureSeconds } from '../argument-values.ts';
import { plainOf, type PlainRecord } from '../plain.ts';
import type { Run, Session } from '../session.ts';
import { type Column, timeText } from '../table.ts';

type RotateOptions = AdminOptions & {
  readonly unit: string;
  readonly feePpk: bigint;
  readonly finalExpiry?: bigint;
  readonly amounts?: bigint[];
};

const COLUMNS: readonly Column[] = [
  { title: 'keyset', of: (keyset) => String(keyset['keysetId']) },
  { title: 'unit', of: (keyset) => String(keyset['unit']) },
  { title: 'active', of: (keyset) => (keyset['active'] === true ? 'yes' : 'no') },
  { title: 'fee ppk', of: (keyset) => String(keyset['inputFeePpk']), align: 'right' },
  { title: 'final expiry', of: (keyset) => timeText(`${String(keyset['finalExpiry'])}000`.replace(/^0+$/, '0')) },
  { title: 'amounts', of: (keyset) => amountsText(keyset['amounts']) },
];

export function addKeysetCommands(program: Command, run: Run): void {
  const keysets = program.command('keysets').description('the keys that ecash is signed with');
  keysets
    .command('list')
    .description('every keyset, active or not')
    .option('--unit <unit>', 'of this unit')
    .action((options: { unit?: string }, command: Command) => run(command, (session) => list(session, options)));
  withAdminOptions(keysets.command('rotate').description('a new active keyset of a unit; the old one signs no more'))
    .requiredOption('--unit <unit>', 'for instance hash')
    .requiredOption('--fee-ppk <n>', 'input fee, thousandths of a unit for each input', feePpk)
    .option('--final-expiry <time>', 'when it is worth nothing (ISO 8601, or 365d); hash: at least 90d', (text) =>
      futureSeconds(text, Date.now()),
    )
    .option('--amounts <list>', 'denominations, as 1,2,4 (default: those of the keyset before)', amounts)
    .action((options: RotateOptions, command: Command) => run(command, (session) => rotate(session, options)));
}

function amountsText(value: PlainRecord[string] | undefined): string {
  const list = Array.isArray(value) ? value.map(String) : [];
  return list.length > 2 ? `${list[0]}…${list.at(-1)} (${list.length})` : list.join(',');
}

function keysetRecord(keyset: Keyset): PlainRecord {
  return plainOf(keyset);
}

async function list({ connections, output }: Session, { unit = '' }: { unit?: string }): Promise<void> {
  const { keysets } = await (await connections.to('mint')).listKeysets({ unit });
  output.list(COLUMNS, keysets.map(keysetRecord));
}

async function rotate(session: Session, options: RotateOptions): Promise<void> {
  const request = {
    unit: options.unit,
    inputFeePpk: options.feePpk,
    finalExpiry: options.finalExpiry ?? 0n,
    amounts: options.amounts ?? [],
  };
  const call = { service: 'mintAdmin', method: 'MintAdminService/RotateKeyset', request } as const;
  const answer = await adminCall(session, options, call, async (full) =>
    (await session.connections.to('mintAdmin')).rotateKeyset(full),
  );
  if (answer?.keyset !== undefined) session.output.one(keysetRecord(answer.keyset));
}
