import { expect, test } from 'vitest';
import { counter, gauge, histogram, metricsText } from './metrics.ts';

async function linesOf(name: string): Promise<string[]> {
  const { text } = await metricsText();
  return text.split('\n').filter((line) => line.startsWith(name));
}

test('series of closed labels exist from the start', async () => {
  const quotes = counter('assay_test_quotes_total', 'Quotes', { state: ['paid', 'failed'] });
  quotes.add({ state: 'paid' });
  quotes.add({ state: 'paid' }, 2);
  expect(await linesOf('assay_test_quotes_total')).toEqual([
    'assay_test_quotes_total{state="paid"} 3',
    'assay_test_quotes_total{state="failed"} 0',
  ]);
});

test('a gauge without labels is 0 until it is set', async () => {
  const imbalance = gauge('assay_test_imbalance_units', 'Imbalance', {});
  expect(await linesOf('assay_test_imbalance_units')).toEqual(['assay_test_imbalance_units 0']);
  imbalance.set({}, -7);
  expect(await linesOf('assay_test_imbalance_units')).toEqual(['assay_test_imbalance_units -7']);
});

test('a histogram counts into its buckets', async () => {
  const durations = histogram('assay_test_wait_duration_seconds', 'Wait', { kind: ['a'] }, [0.1, 1]);
  durations.observe({ kind: 'a' }, 0.5);
  expect(await linesOf('assay_test_wait_duration_seconds_bucket')).toEqual([
    'assay_test_wait_duration_seconds_bucket{le="0.1",kind="a"} 0',
    'assay_test_wait_duration_seconds_bucket{le="1",kind="a"} 1',
    'assay_test_wait_duration_seconds_bucket{le="+Inf",kind="a"} 1',
  ]);
});

test('open labels are cut off at 200 values', async () => {
  const nodes = counter('assay_test_nodes_total', 'Nodes', { node: 'open' });
  for (let index = 0; index < 250; index += 1) nodes.add({ node: `n${index}` });
  const lines = await linesOf('assay_test_nodes_total');
  expect(lines).toHaveLength(201);
  expect(lines).toContain('assay_test_nodes_total{node="other"} 50');
});

test('a value outside the closed set is a bug', () => {
  const results = counter('assay_test_results_total', 'Results', { result: ['ok'] as readonly string[] });
  expect(() => results.add({ result: 'maybe' })).toThrow('has no label value maybe');
});

test.each([
  ['a foreign prefix', () => counter('pool_shares_total', 'x', {})],
  ['a counter without _total', () => counter('assay_test_shares', 'x', {})],
  ['a gauge with _total', () => gauge('assay_test_shares_total', 'x', {})],
  ['no help', () => gauge('assay_test_helpless_units', '', {})],
  ['an empty label set', () => gauge('assay_test_empty_units', 'x', { kind: [] })],
  ['a repeated label value', () => gauge('assay_test_twice_units', 'x', { kind: ['a', 'a'] })],
  ['a label in camel case', () => gauge('assay_test_camel_units', 'x', { nodeId: ['a'] })],
  ['unordered buckets', () => histogram('assay_test_order_seconds', 'x', {}, [1, 0.5])],
  ['a name in use', () => counter('assay_test_quotes_total', 'x', {})],
])('a metric with %s does not register', (_, register) => {
  expect(register).toThrow();
});

test('the process is measured under our own prefix', async () => {
  const { text } = await metricsText();
  expect(text).toContain('assay_process_resident_memory_bytes');
  expect(text.split('\n').filter((line) => line !== '' && !/^(# (HELP|TYPE) )?assay_/.test(line))).toEqual([]);
});
