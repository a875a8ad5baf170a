import { expect, test } from 'vitest';
import { fileResults } from './file-results.ts';

const one = (status: string, fullName: string, failureMessages: readonly string[] = []) => ({
  ...{ status, fullName, failureMessages },
});
const file = (name: string, assertionResults: readonly object[], status = 'passed', message = '') => ({
  ...{ name: `/project/${name}`, status, message, assertionResults },
});
const results = (...testResults: readonly object[]) => fileResults({ testResults }, '/project');

test('a test that failed is told with its file, its name and why, without the lines of libraries', () => {
  const why =
    'AssertionError: expected 1 to be 2\n    at /project/a.test.ts:2:35\n    at /project/node_modules/x.js:1:1';
  const tests = [one('passed', 'a passes'), one('failed', 'a fails', [why]), one('skipped', 'a waits')];
  const failure = 'a.test.ts: a fails\n    AssertionError: expected 1 to be 2\n        at /project/a.test.ts:2:35';
  const counted = { passed: 1, skipped: 1, failures: [failure] };
  expect(results(file('a.test.ts', tests, 'failed'))).toEqual([counted]);
});

test('a file whose hook failed is one failure, whatever its tests are', () => {
  const [result] = results(file('b.test.ts', [one('skipped', 'b')], 'failed', 'Error: no server'));
  expect(result).toMatchObject({ passed: 0, skipped: 1, failures: ['b.test.ts\n    Error: no server'] });
});

test('of a long reason the first lines are told', () => {
  const why = Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n');
  const [result] = results(file('c.test.ts', [one('failed', 'c', [why])], 'failed'));
  expect(result?.failures[0]?.split('\n')).toHaveLength(13);
});
