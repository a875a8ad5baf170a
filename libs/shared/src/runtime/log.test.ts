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

/** As the MongoDB driver hangs the refused document on its error. */
function refusedWrite(): Error {
  const op = { inputs: [{ secret: 's3cr3t' }], _id: '//u:[redacted]@' };
  return Object.assign(new Error('refused by //u:[redacted]@'), { writeErrors: [{ err: { op, raw: 's3cr3t' } }] });
}

test('of an error type, text, code and causes are written, of bytes their number, of long lists the beginning', () => {
  const { lines, log } = capture();
  const cause = Object.assign(new TypeError('inner'), { code: 11_000, document: { a: 1 } });
  log.error(
    { err: new Error('outer', { cause }), raw: Buffer.alloc(3), list: Array.from({ length: 60 }, (_, n) => n) },
    'x',
  );
  log.error(new Error('alone'));
  const [first, second] = lines;
  expect(first?.['err']).toEqual({
    ...{ type: 'Error', message: 'outer', stack: expect.stringContaining('log.test.ts') },
    cause: { type: 'TypeError', message: 'inner', code: 11_000, stack: expect.any(String) },
  });
  expect(first).toMatchObject({ raw: '3 bytes', list: expect.arrayContaining([49, '10 more']) });
  expect(second).toMatchObject({ msg: 'alone', err: { type: 'Error', message: 'alone' } });
});

test('a cycle is written down to a depth', () => {
  const { lines, log } = capture();
  const ring: Record<string, unknown> = {};
  ring['ring'] = ring;
  log.info({ ring }, 'x');
  expect(JSON.stringify(lines)).toContain('[deep]');
});

test.each([
  ['secret', { secret: 's3cr3t' }],
  ['proofs', { body: { proofs: [{ C: 's3cr3t' }] } }],
  ['inputs of an operation', { operation: { inputs: [{ C: 's3cr3t' }] } }],
  ['token', { request: { headers: { token: 's3cr3t' } } }],
  ['authorization', { request: { headers: { authorization: 's3cr3t' } } }],
  ['witness in a list', { outputs: [{ witness: 's3cr3t' }] }],
  ['the secret of a document deep in a driver’s error', { err: refusedWrite() }],
  [
    'the body on an answer’s error',
    { err: Object.assign(new Error('402 //u:[redacted]@'), { response: { body: 's3cr3t' } }) },
  ],
  ['a password in the text of a cause', { err: new Error('x', { cause: new Error('at mongodb://u:s3cr3t@host/') }) }],
  ['a secret under another spelling', { headers: [{ 'Set-Cookie': 's3cr3t', Private_Key: 's3cr3t' }] }],
  ['a database address with its password', { config: { MONGODB_URI: 'mongodb://u:s3cr3t@host' } }],
])('%s is never written', (_, fields) => {
  const { lines, log } = capture();
  log.info(fields, 'x');
  expect(JSON.stringify(lines)).not.toContain('s3cr3t');
  expect(JSON.stringify(lines)).toContain('[redacted]');
});
