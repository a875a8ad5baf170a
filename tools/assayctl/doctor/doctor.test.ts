import { expect, test } from 'vitest';
import { parseMetrics } from '../../stack/metrics.ts';
import { skewOf } from './clock-skew.ts';
import type { Instance } from './instances.ts';
import { natsInfoIn } from './nats-info.ts';
import { readingFindings } from './reading-findings.ts';

const MINT: Instance = { name: 'mint', service: 'mint', grpc: 'mint:50052', metrics: 'mint:51052' };
const READY = '{"ready":true,"probes":{"database":true}}';

const findings = (page: string, { ready = READY, skewMs = 0 } = {}) =>
  readingFindings(MINT, { ready, skewMs, samples: parseMetrics(page) });
const verdicts = (page: string, how = {}) =>
  Object.fromEntries(findings(page, how).map(({ check, verdict }) => [check, verdict]));

test('a healthy mint is well in every respect', () => {
  const page = 'assay_mint_paused{level="NONE"} 1\nassay_mint_paused{level="ALL"} 0\nassay_ledger_imbalance_units 0\n';
  const all = findings(`${page}assay_outbox_oldest_unsent_age_seconds 0.2\n`);
  expect(all.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  expect(all.every(({ remedy }) => remedy === '')).toBe(true);
});

test('a mint that is paused, out of balance or not ready is wrong, and each says what to do', () => {
  const ready = '{"ready":false,"probes":{"signatory":false}}';
  const all = findings('assay_mint_paused{level="ISSUANCE"} 1\nassay_ledger_imbalance_units 3\n', { ready });
  const wrong = all.filter(({ verdict }) => verdict === 'fail');
  expect(wrong.map(({ check }) => check)).toEqual(['ready', 'issuance', 'ledger']);
  expect(wrong.every(({ remedy }) => remedy.length > 0)).toBe(true);
  expect(wrong[0]?.found).toContain('signatory');
});

test('a clock that is off warns, and far off is wrong; events that wait warn', () => {
  expect(verdicts('', { skewMs: -1_500 })['clock']).toBe('ok');
  expect(verdicts('', { skewMs: -5_000 })['clock']).toBe('warn');
  expect(verdicts('', { skewMs: 60_000 })['clock']).toBe('fail');
  expect(verdicts('assay_outbox_oldest_unsent_age_seconds 45\n')['events']).toBe('warn');
});

test('a log of commands that somebody changed is wrong; who has none says nothing of it', () => {
  expect(verdicts('assay_admin_log_broken 1\n')['admin log']).toBe('fail');
  expect(verdicts('assay_admin_log_broken 0\n')['admin log']).toBe('ok');
  expect(verdicts('')['admin log']).toBeUndefined();
});

test('an instance that does not answer is one finding', () => {
  const [finding, ...others] = readingFindings(MINT, { fault: 'ECONNREFUSED' });
  expect(finding).toMatchObject({ verdict: 'fail', check: 'health' });
  expect(others).toEqual([]);
});

test('a time of whole seconds that may have been told between question and answer is no skew', () => {
  const date = 'Fri, 27 Nov 2026 02:00:00 GMT';
  const told = Date.parse(date);
  expect(skewOf(date, told + 300, told + 310)).toBe(0);
  expect(skewOf(date, told - 5, told + 5)).toBe(0);
  expect(skewOf(date, told + 3_999, told + 4_100)).toBe(-3_000);
  expect(skewOf(date, told - 4_100, told - 4_000)).toBe(4_000);
  expect(skewOf(null, 0, 0)).toBe(0);
});

test('a NATS server introduces itself; another server is none', () => {
  expect(natsInfoIn('INFO {"version":"2.15.0","jetstream":true}\r')).toEqual({ version: '2.15.0', jetstream: true });
  expect(() => natsInfoIn('HTTP/1.1 400 Bad Request')).toThrow('no NATS server');
});
