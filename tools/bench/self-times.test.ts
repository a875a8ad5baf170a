import { expect, test } from 'vitest';
import { selfTimes } from './self-times.ts';

test('the time of a function is the sum of its samples, and idle time is nobody’s', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 6 });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('judge', 'file:///repo/node_modules/a/judge.js') },
      { id: 3, callFrame: frame('seal') },
    ],
    samples: [1, 2, 3, 2, 1],
    timeDeltas: [5_000, 300, 100, 100, 9_000],
  };
  expect(selfTimes(JSON.stringify(profile))).toEqual(['  80.0 %  judge  a/judge.js:7', '  20.0 %  seal']);
});
