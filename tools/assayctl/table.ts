import { styleText } from 'node:util';
import type { Plain, PlainRecord } from './plain.ts';

/** One column of a table: its title and the text of a record in it. Amounts stand at the right. */
export interface Column {
  readonly title: string;
  readonly of: (record: PlainRecord) => string;
  readonly align?: 'right';
}

const GAP = '  ';
/** A list of longer words has a line for each. */
const SHORT_WORD = 20;

/** Good news, bad news, and what waits; every other word stays as it is. */
const COLOURS: Readonly<Record<string, 'green' | 'red' | 'yellow'>> = {
  ...{ PAID: 'green', ISSUED: 'green', COMMITTED: 'green', APPROVED: 'green', REPLAYED: 'green', ok: 'green' },
  ...{ FAILED: 'red', POISON: 'red', ALL: 'red', fail: 'red' },
  ...{ PENDING: 'yellow', UNPAID: 'yellow', OPEN: 'yellow', PROPOSED: 'yellow', ISSUANCE: 'yellow', warn: 'yellow' },
};

/** Lines of a table with a heading; columns as wide as their widest text. */
export function tableLines(columns: readonly Column[], records: readonly PlainRecord[], coloured: boolean): string[] {
  const cells = records.map((record) => columns.map((column) => oneLine(column.of(record))));
  const titles = columns.map(({ title }) => title.toUpperCase());
  const widths = titles.map((title, index) => Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const heading = paddedRow(columns, titles, widths, (text) => text);
  const rows = cells.map((row) => paddedRow(columns, row, widths, (text) => (coloured ? colour(text) : text)));
  return [heading, ...rows];
}

/** Lines `field  value` of one record; fields that say nothing are left out, lists and parts are indented below. */
export function recordLines(record: PlainRecord, coloured: boolean): string[] {
  const entries = Object.entries(record).filter(([, value]) => saysSomething(value));
  const width = Math.max(0, ...entries.filter(([, value]) => isScalar(value)).map(([key]) => key.length));
  return entries.flatMap(([key, value]) => {
    if (!isScalar(value)) return [key, ...partLines(value, coloured)];
    const text = scalarText(key, value);
    return [`${key.padEnd(width)}${GAP}${coloured ? colour(text) : text}`];
  });
}

function partLines(value: Plain, coloured: boolean): string[] {
  const parts: readonly Plain[] = Array.isArray(value) ? value : [value];
  const words = parts.filter(isScalar).map((part) => oneLine(String(part)));
  if (words.length === parts.length && words.every((word) => word.length <= SHORT_WORD)) {
    return [`${GAP}${words.join(', ')}`];
  }
  return parts.flatMap((part) => {
    if (isScalar(part)) return [`${GAP}${oneLine(String(part))}`];
    const fields = Object.entries(part).filter(([, field]) => saysSomething(field));
    if (fields.every(([, field]) => isScalar(field))) return [`${GAP}${inline(fields)}`];
    return recordLines(part as PlainRecord, coloured).map((line) => `${GAP}${line}`);
  });
}

function inline(fields: readonly [string, Plain][]): string {
  return fields.map(([key, value]) => `${key} ${scalarText(key, value)}`).join(' · ');
}

function saysSomething(value: Plain): boolean {
  if (value === null || value === '' || value === '0' || value === 0 || value === false) return false;
  return isScalar(value) || Object.keys(value).length > 0;
}

function isScalar(value: Plain): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null;
}

function scalarText(key: string, value: Plain): string {
  return /Ms$/.test(key) ? timeText(String(value)) : oneLine(String(value));
}

/** ISO time of Unix milliseconds in decimal; empty for 0, which means never. */
export function timeText(ms: string): string {
  if (ms === '0' || ms === '') return '';
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? ms : date.toISOString().replace(/\.000Z$/, 'Z');
}

function paddedRow(
  columns: readonly Column[],
  texts: readonly string[],
  widths: readonly number[],
  paint: (text: string) => string,
): string {
  const cells = texts.map((text, index) => {
    const gap = ' '.repeat(Math.max(0, (widths[index] ?? 0) - text.length));
    return columns[index]?.align === 'right' ? `${gap}${paint(text)}` : `${paint(text)}${gap}`;
  });
  return cells.join(GAP).trimEnd();
}

function colour(text: string): string {
  const known = Object.hasOwn(COLOURS, text) ? COLOURS[text] : undefined;
  return known === undefined ? text : styleText(known, text, { validateStream: false });
}

/** What others wrote (reasons, errors) stays in its cell, and no control character of it reaches a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
