import { expect, test } from 'vitest';
import { type Column, recordLines, tableLines, timeText } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'name', of: (record) => String(record['name']) },
  { title: 'state', of: (record) => String(record['state']) },
  { title: 'amount', of: (record) => String(record['amount']), align: 'right' },
];

test('columns are as wide as their widest text, and amounts stand at the right', () => {
  const records = [
    { name: 'a', state: 'PAID', amount: '9007199254740993' },
    { name: 'longer', state: 'FAILED', amount: '1' },
  ];
  expect(tableLines(COLUMNS, records, false)).toEqual([
    'NAME    STATE             AMOUNT',
    'a       PAID    9007199254740993',
    'longer  FAILED                 1',
  ]);
});

test('colours change no width, and are there only when asked for', () => {
  const records = [{ name: 'a', state: 'PAID', amount: '1' }];
  const escape = String.fromCharCode(27);
  const [, row = ''] = tableLines(COLUMNS, records, true);
  expect(row).toContain(`${escape}[32mPAID${escape}[39m`);
  expect(row.replaceAll(`${escape}[32m`, '').replaceAll(`${escape}[39m`, '')).toBe(
    tableLines(COLUMNS, records, false)[1],
  );
});

test('what others wrote cannot command the terminal or break its row', () => {
  const escape = String.fromCharCode(27);
  const [, row = ''] = tableLines(COLUMNS, [{ name: `a\n${escape}[2Jb`, state: '', amount: '' }], false);
  expect(row).toBe('a [2Jb');
});

test('a record leaves out what says nothing, and indents its parts', () => {
  const record = {
    ...{ quoteId: 'q', auditCode: '', amountIssued: '0', createdAtMs: '1795744800000', ready: false },
    spent: [{ keysetId: '01ab', amount: '8' }],
    operations: [],
    amounts: ['1', '2'],
    ids: ['a'.repeat(32), 'b'.repeat(32)],
  };
  expect(recordLines(record, false)).toEqual([
    'quoteId      q',
    'createdAtMs  2026-11-27T02:00:00Z',
    'spent',
    '  keysetId 01ab · amount 8',
    'amounts',
    '  1, 2',
    'ids',
    `  ${'a'.repeat(32)}`,
    `  ${'b'.repeat(32)}`,
  ]);
});

test('a time that never comes is empty', () => {
  expect(timeText('0')).toBe('');
  expect(timeText('1795744800500')).toBe('2026-11-27T02:00:00.500Z');
});
