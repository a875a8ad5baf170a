import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptedText, failureText, notificationText, readCall, RPC_ERRORS } from './json-rpc.ts';

const PARAMS = '{"kind":"proof_state","subId":"s","filters":["q"]}';
const call = (fields: Record<string, string>) => {
  const all = { jsonrpc: '"2.0"', id: '7', method: '"subscribe"', params: PARAMS, ...fields };
  return `{${Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `"${name}":${value}`)
    .join(',')}}`;
};

function failureOf(frame: string): readonly [number, unknown] | undefined {
  const read = readCall(frame);
  return read.ok ? undefined : [RPC_ERRORS[read.error.error], read.error.id];
}

describe('a frame', () => {
  test.each([
    ['no JSON', 'subscribe', -32_700, null],
    ['nothing', '', -32_700, null],
    ['a key twice', '{"id":1,"id":2}', -32_700, null],
    ['nested deeper than 16', `${'['.repeat(40)}${']'.repeat(40)}`, -32_700, null],
    ['a batch', `[${call({})}]`, -32_600, null],
    ['an empty batch', '[]', -32_600, null],
    ['a bare value', '"subscribe"', -32_600, null],
    ['null', 'null', -32_600, null],
    ['no id', call({ id: '' }), -32_600, null],
    ['an id of null', call({ id: 'null' }), -32_600, null],
    ['an id that is no integer', call({ id: '1.5' }), -32_600, null],
    ['an object as id', call({ id: '{}' }), -32_600, null],
    ['an id of 65 characters', call({ id: `"${'x'.repeat(65)}"` }), -32_600, null],
    ['another version', call({ jsonrpc: '"1.0"' }), -32_600, 7n],
    ['no version', call({ jsonrpc: '' }), -32_600, 7n],
    ['no method', call({ method: '' }), -32_600, 7n],
    ['a number as method', call({ method: '1' }), -32_600, 7n],
    ['an unknown method', call({ method: '"publish"' }), -32_601, 7n],
    ['a method of Object', call({ method: '"constructor"' }), -32_601, 7n],
    ['no params', call({ params: '' }), -32_602, 7n],
    ['params in a list', call({ params: '[]' }), -32_602, 7n],
    ['no subId', call({ params: '{"kind":"proof_state","filters":["q"]}' }), -32_602, 7n],
    ['a number as subId', call({ params: '{"kind":"proof_state","subId":1,"filters":["q"]}' }), -32_602, 7n],
    ['no kind', call({ params: '{"subId":"s","filters":["q"]}' }), -32_602, 7n],
    ['no filters', call({ params: '{"kind":"proof_state","subId":"s"}' }), -32_602, 7n],
    ['filters that are no texts', call({ params: '{"kind":"k","subId":"s","filters":[1]}' }), -32_602, 7n],
    ['one filter beside a list', call({ params: '{"kind":"k","subId":"s","filters":"q"}' }), -32_602, 7n],
    ['no subId to end', call({ method: '"unsubscribe"', params: '{}' }), -32_602, 7n],
  ])('with %s is answered with its code', (_, frame, code, id) => {
    expect(failureOf(frame)).toEqual([code, id]);
  });

  test('of a wallet is read, unknown fields aside', () => {
    expect(readCall(call({ extra: '{"a":[1,null]}' }))).toEqual({
      ok: true,
      value: { id: 7n, method: 'subscribe', params: { subId: 's', kind: 'proof_state', filters: ['q'] } },
    });
    const end = call({ method: '"unsubscribe"', params: '{"subId":"s"}', id: '"a"' });
    expect(readCall(end)).toEqual({ ok: true, value: { id: 'a', method: 'unsubscribe', params: { subId: 's' } } });
  });

  test('of any text is a call or a failure', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((value) => call({ params: value })),
        ),
        (text) => {
          const read = readCall(text);
          if (!read.ok) expect(RPC_ERRORS[read.error.error]).toBeLessThan(-32_000);
        },
      ),
    );
  });

  test('keeps an id that a number of JavaScript would lose', () => {
    const id = '9007199254740993';
    const read = readCall(call({ id }));
    expect(read.ok && acceptedText(read.value.id, 's')).toBe(
      `{"jsonrpc":"2.0","result":{"status":"OK","subId":"s"},"id":${id}}`,
    );
  });
});

test('of a frame nothing is kept beside what a subscription needs', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const params = { kind: 'bolt11_mint_quote', subId: 'a subscription', filters: ['the id of a quote'] };
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: 500 }, (_, id) => {
    const padding = String(id).padEnd(60_000);
    return readCall(JSON.stringify({ jsonrpc: '2.0', id, method: 'subscribe', params, padding }));
  });
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
  expect(kept.every(({ ok }) => ok)).toBe(true);
});

test('what is sent has exactly the fields of NUT-17', () => {
  expect(JSON.parse(acceptedText(2n, 'test-sub'))).toEqual({
    jsonrpc: '2.0',
    result: { status: 'OK', subId: 'test-sub' },
    id: 2,
  });
  expect(JSON.parse(failureText({ id: null, error: 'parse', message: 'no JSON' }))).toEqual({
    jsonrpc: '2.0',
    error: { code: -32_700, message: 'no JSON' },
    id: null,
  });
  expect(JSON.parse(notificationText('"quoted"', '{"amount":9007199254740991}'))).toEqual({
    jsonrpc: '2.0',
    method: 'subscribe',
    params: { subId: '"quoted"', payload: { amount: 9_007_199_254_740_991 } },
  });
});
