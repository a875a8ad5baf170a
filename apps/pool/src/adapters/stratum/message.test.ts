import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from './message.ts';

describe('a line', () => {
  it('is a request with its id as given', () => {
    const request = { kind: 'request', method: 'mining.ping', params: [] };
    expect(parseMessage('{"id":"x","method":"mining.ping","params":[]}')).toEqual({ ...request, id: 'x' });
    expect(parseMessage('{"id":0.5,"method":"mining.ping"}')).toEqual({ ...request, id: 0.5 });
    expect(parseMessage('{"id":9007199254740992,"method":"mining.ping","params":null}')).toEqual({
      ...request,
      id: 2 ** 53,
    });
    expect(parseMessage('{"id":null,"method":"mining.ping","params":[]}')).toEqual({ ...request, id: null });
  });

  it('without an id is a notice', () => {
    expect(parseMessage('{"method":"mining.ping","params":[1]}')).toEqual({
      ...{ kind: 'notice', method: 'mining.ping', params: [1] },
    });
  });

  it.each([
    ['{"id":9007199254740994,"method":"a","params":[]}', null],
    ['{"id":1e400,"method":"a","params":[]}', null],
    ['{"id":true,"method":"a","params":[]}', null],
    ['{"id":[1],"method":"a","params":[]}', null],
    ['{"id":7,"method":1,"params":[]}', 7],
    ['{"id":7,"method":"a","params":{}}', 7],
    ['{"id":7}', 7],
  ])('%s is malformed', (line, id) => {
    expect(parseMessage(line)).toEqual({ kind: 'malformed', id });
  });

  it.each(['', 'x', '[]', '7', 'null', '"a"', '{', '{"a":1}}', '{"id":1,"method":"a","params":[[[[1]]]]}'])(
    '%s is no object of at most four levels',
    (line) => {
      expect(parseMessage(line)).toEqual({ kind: 'not-an-object' });
    },
  );

  it('may nest four levels, and brackets in strings do not count', () => {
    expect(parseMessage('{"id":1,"method":"a","params":[[{"x":"[[[[\\"[["}]]}').kind).toBe('request');
  });

  it('that answers one of our pushes is an answer', () => {
    expect(parseMessage('{"id":null,"result":true,"error":null}')).toEqual({ kind: 'answer' });
  });

  it('may be any text, or any JSON, without throwing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof parseMessage(text).kind === 'string'));
    fc.assert(fc.property(fc.json({ maxDepth: 6 }), (text) => typeof parseMessage(text).kind === 'string'));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('id', 'method', 'params', '__proto__'), fc.jsonValue()), (fields) => {
        return typeof parseMessage(JSON.stringify(fields)).kind === 'string';
      }),
    );
  });
});
