import { expect, test } from 'vitest';
import { cpuSecondsIn } from './cpu-stat.ts';

const STAT =
  '4242 (node (a) b) S 1 4242 4242 0 -1 4194560 9000 0 3 0 250 50 7 8 20 0 11 0 12345 1000000 2000 18446744073709551615';

test('CPU seconds are user and system time, whatever the process is called', () => {
  expect(cpuSecondsIn(STAT, 100)).toBe(3);
});

test('the waited-for children of a process are not its own time', () => {
  expect(cpuSecondsIn(STAT.replace(' 7 8 ', ' 700 800 '), 100)).toBe(3);
});

test('a text of another form is no figure', () => {
  expect(() => cpuSecondsIn('4242 (node) S 1', 100)).toThrow('no line of /proc/<pid>/stat');
});
