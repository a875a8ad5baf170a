import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { inSpan, traceIdOf } from './telemetry.ts';

function capture(level: 'info' | 'warn' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, log: createLogger({ service: 'mint', instance: 'mint-1', level }, destination) };
}

test('a line names service, instance, level and time', () => {
  const { lines, log } = capture();
  log.info({ state: 'paid' }, 'quote settled');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      service: 'mint',
      instance: 'mint-1',
      state: 'paid',
      msg: 'quote settled',
    },
  ]);
});

test('a line inside a span carries its ids', async () => {
  const { lines, log } = capture();
  const parent = { traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01` };
  await inSpan('mint.swap', { parent }, async () => log.info('swapped'));
  expect(lines[0]?.['trace_id']).toBe(traceIdOf(parent));
  expect(lines[0]?.['span_id']).toMatch(/^[0-9a-f]{16}$/);
});

test('lower levels than the configured one are not written', () => {
  const { lines, log } = capture('warn');
  log.info('unheard');
  log.warn('heard');
  expect(lines.map((line) => line['msg'])).toEqual(['heard']);
});

test.each([
  ['secret', { secret: 's3cr3t' }],
  ['proofs', { body: { proofs: [{ C: 's3cr3t' }] } }],
  ['inputs of an operation', { operation: { inputs: [{ C: 's3cr3t' }] } }],
  ['token', { request: { headers: { token: 's3cr3t' } } }],
  ['authorization', { request: { headers: { authorization: 's3cr3t' } } }],
  ['witness in a list', { outputs: [{ witness: 's3cr3t' }] }],
  ['a database address with its password', { config: { MONGODB_URI: 'mongodb://u:s3cr3t@host' } }],
])('%s is never written', (_, fields) => {
  const { lines, log } = capture();
  log.info(fields, 'x');
  expect(JSON.stringify(lines)).not.toContain('s3cr3t');
  expect(JSON.stringify(lines)).toContain('[redacted]');
});
