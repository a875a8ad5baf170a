import { expect, test } from 'vitest';
import { cargoResult, faultsOf, vitestResult } from './counts.ts';

test('the counts of cargo are those of its last result line', () => {
  const output =
    'running 2 tests\ntest a ... ok\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s\n';
  expect(cargoResult('test_fees', output)).toEqual({ part: 'test_fees', passed: 1, failed: 1 });
  expect(cargoResult('test_fees', 'error: could not compile')).toEqual({ part: 'test_fees', passed: 0, failed: 0 });
});

test('the counts of vitest are those of its report', () => {
  const report = JSON.stringify({ numPassedTests: 46, numFailedTests: 1, numTotalTests: 47 });
  expect(vitestResult('all', report)).toEqual({ part: 'all', passed: 46, failed: 1 });
});

test('a run is good only when every test ran and passed', () => {
  const good = { part: 'all', passed: 3, failed: 0 };
  expect(faultsOf([good], { all: 3 })).toEqual([]);
  expect(faultsOf([{ ...good, passed: 0 }], { all: 3 })).toEqual(['all: 0 ran, 3 must']);
  expect(faultsOf([{ ...good, passed: 2, failed: 1 }], { all: 3 })).toEqual(['all: 1 failed']);
  expect(faultsOf([good], { all: 3, fees: 2 })).toEqual(['fees: 0 ran, 2 must']);
});
