import type { Command } from 'commander';
import { pastMs } from '../argument-values.ts';
import { plainOf, type PlainRecord } from '../plain.ts';
import type { Run, Session } from '../session.ts';
import { imbalancesOf } from '../supply-balance.ts';
import { type Column, tableLines } from '../table.ts';

const text = (title: string, key: string): Column => ({ title, of: (row) => String(row[key]) });
const figure = (title: string, key: string): Column => ({ ...text(title, key), align: 'right' });

const FLOWS = [
  figure('minted', 'minted'),
  figure('melted', 'melted'),
  figure('redeemed', 'redeemed'),
  figure('fees', 'fees'),
  figure('surplus', 'surplus'),
];
const PARTS = {
  units: [text('unit', 'unit'), figure('outstanding', 'outstanding'), ...FLOWS],
  methods: [text('unit', 'unit'), text('method', 'method'), ...FLOWS],
  keysets: [
    ...[text('keyset', 'keysetId'), text('unit', 'unit'), figure('issued', 'issuedSum'), figure('spent', 'spentSum')],
    ...[figure('issued count', 'issuedCount'), figure('spent count', 'spentCount')],
  ],
  funds: [text('fund', 'unit'), figure('credited', 'credited'), figure('paid', 'paid'), figure('pending', 'pending')],
} as const satisfies Record<string, readonly Column[]>;

export function addSupplyCommand(program: Command, run: Run): void {
  program
    .command('supply')
    .description('what was minted, spent and left, by unit, method and keyset; and the funds')
    .option('--at <time>', 'as it was then (ISO 8601, or a duration ago as 2h; a minute old at least)', (when) =>
      pastMs(when, Date.now()),
    )
    .action((options: { at?: bigint }, command: Command) => run(command, (session) => supply(session, options)));
}

async function supply({ connections, output, coloured }: Session, { at = 0n }: { at?: bigint }): Promise<void> {
  const answer = await (await connections.to('mint')).getSupply({ atMs: at });
  const broken = imbalancesOf(answer).map((imbalance) => plainOf(imbalance));
  const record = { ...plainOf(answer), imbalances: broken };
  const tables = Object.entries(PARTS).flatMap(([part, columns], index) => [
    ...(index === 0 ? [] : ['']),
    ...tableLines(columns, rowsIn(record, part), coloured),
  ]);
  const operations = `${answer.operations} operations counted`;
  const balance = broken.length === 0 ? 'balanced' : 'NOT BALANCED: see `assayctl doctor`';
  output.drawn(record, [...tables, '', `${operations}; ${balance}`]);
}

function rowsIn(record: PlainRecord, part: string): PlainRecord[] {
  const rows = record[part];
  return Array.isArray(rows) ? (rows as PlainRecord[]) : [];
}
