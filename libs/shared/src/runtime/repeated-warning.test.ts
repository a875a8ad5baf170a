import { expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { repeatedWarning } from './repeated-warning.ts';

test('of a flood one warning in ten seconds is logged, with the number of those left out', () => {
  const lines: unknown[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const time = { now: 0 };
  const log = createLogger({ service: 'test', instance: 'test-1', level: 'warn' }, { write });
  const warn = repeatedWarning(log, 'event not published', () => time.now);
  for (; time.now < 20_000; time.now += 10) warn({ entry: time.now });
  warn({ entry: time.now });
  expect(lines).toMatchObject([
    { msg: 'event not published', entry: 0 },
    { entry: 10_000, leftOut: 999 },
    { entry: 20_000, leftOut: 999 },
  ]);
});
