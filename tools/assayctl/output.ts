import { stringify } from 'yaml';
import type { Plain, PlainRecord } from './plain.ts';
import { type Column, recordLines, tableLines } from './table.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Where a run writes to, and what that is. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether a person looks at what `out` gets. */
  readonly isTerminal: boolean;
}

/** Shows results in the format that was asked for. */
export interface Output {
  readonly format: Format;
  /** Many of a kind: a table, a JSON array, a YAML sequence. */
  list(columns: readonly Column[], records: readonly PlainRecord[]): void;
  /** One thing. */
  one(record: PlainRecord): void;
  /** Something with a form of its own for people. */
  drawn(value: PlainRecord, lines: readonly string[]): void;
  /** One of a stream: a row, a line of JSON, a YAML document. The first row brings the heading. */
  next(columns: readonly Column[], record: PlainRecord): void;
  /** A remark beside the result; never part of it. */
  note(line: string): void;
}

export function createOutput(format: Format, streams: Streams, coloured: boolean): Output {
  const print = (lines: readonly string[]) => streams.out(lines.map((line) => `${line}\n`).join(''));
  const data = (value: Plain) =>
    print([format === 'yaml' ? stringify(value).trimEnd() : JSON.stringify(value, null, 2)]);
  let headed = false;
  return {
    format,
    list: (columns, records) => (format === 'table' ? print(tableLines(columns, records, coloured)) : data(records)),
    one: (record) => (format === 'table' ? print(recordLines(record, coloured)) : data(record)),
    drawn: (value, lines) => (format === 'table' ? print(lines) : data(value)),
    next: (columns, record) => {
      if (format === 'json') return print([JSON.stringify(record)]);
      if (format === 'yaml') return print(['---', stringify(record).trimEnd()]);
      const [heading = '', row = ''] = tableLines(columns, [record], coloured);
      print(headed ? [row] : [heading, row]);
      headed = true;
    },
    note: (line) => streams.err(`${line}\n`),
  };
}
