import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { httpMint, type HttpMint, mintBody } from '../../../test/http-mint.ts';
import { mintRequest } from '../../../test/requests.ts';
import { QUOTE_ID } from '../../../test/memory-mint.ts';

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

let mint: HttpMint;
let paths: Readonly<Record<string, { readonly get?: Operation; readonly post?: Operation }>>;

beforeAll(async () => {
  mint = await httpMint();
  const { json } = await mint.get('/openapi.json');
  expect(json).toMatchObject({ openapi: '3.1.0', info: { title: 'test', version: '0.0.0' } });
  paths = json['paths'] as typeof paths;
});
afterAll(() => mint.context.stop());

const answerOf = (operation: Operation | undefined) =>
  operation?.responses['200']?.content['application/json']?.schema ?? {};
/** By another reader of JSON Schema than the one that made it. */
const accepts = (schema: object, value: unknown) => z.fromJSONSchema(schema as never).safeParse(value).success;

describe('the description of the API', () => {
  test('has every path, and what varies in it', () => {
    expect(Object.keys(paths).sort()).toEqual([
      '/v1/checkstate',
      '/v1/info',
      '/v1/keys',
      '/v1/keys/{id}',
      '/v1/keysets',
      '/v1/melt/quote/{method}',
      '/v1/melt/quote/{method}/{quote}',
      '/v1/melt/{method}',
      '/v1/mint/quote/bolt11',
      '/v1/mint/quote/{method}',
      '/v1/mint/quote/{method}/check',
      '/v1/mint/quote/{method}/pubkey',
      '/v1/mint/quote/{method}/{quote}',
      '/v1/mint/{method}',
      '/v1/mint/{method}/batch',
      '/v1/restore',
      '/v1/swap',
    ]);
    expect(paths['/v1/mint/quote/{method}/{quote}']?.get?.parameters?.map(({ name }) => name)).toEqual([
      'method',
      'quote',
    ]);
  });

  test('says what a body must have, and what may be left out', () => {
    const schema = paths['/v1/mint/quote/bolt11']?.post?.requestBody?.content['application/json']?.schema;
    expect(schema).toMatchObject({
      type: 'object',
      required: ['amount', 'unit'],
      properties: {
        amount: { type: 'integer', minimum: 0, maximum: 9_007_199_254_740_991 },
        unit: { type: 'string', maxLength: 32 },
        description: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        pubkey: { anyOf: [{ type: 'string', pattern: '^[0-9a-fA-F]{66}$' }, { type: 'null' }] },
      },
    });
  });

  test.each(['/v1/info', '/v1/keys', '/v1/keysets'])('of %s describes the answer', async (path) => {
    const schema = answerOf(paths[path]?.get);
    expect(accepts(schema, (await mint.get(path)).json)).toBe(true);
    expect(accepts(schema, {})).toBe(false);
  });

  test('describes quotes and signatures as they are answered, and what is refused', async () => {
    const asked = await mint.post('/v1/mint/quote/bolt11', { unit: 'sat', amount: 21 });
    expect(accepts(answerOf(paths['/v1/mint/quote/bolt11']?.post), asked.json)).toBe(true);
    const found = await mint.get(`/v1/mint/quote/ehash/${QUOTE_ID}`);
    expect(accepts(answerOf(paths['/v1/mint/quote/{method}/{quote}']?.get), found.json)).toBe(true);
    const minted = await mint.post('/v1/mint/ehash', mintBody(mintRequest('described', [8n], mint.keyset)));
    expect(accepts(answerOf(paths['/v1/mint/{method}']?.post), minted.json)).toBe(true);
    const body = paths['/v1/mint/{method}']?.post?.requestBody?.content['application/json']?.schema ?? {};
    expect(accepts(body, mintBody(mintRequest('described', [8n], mint.keyset)))).toBe(true);
    expect(accepts(body, { quote: QUOTE_ID, outputs: [{ amount: 1 }] })).toBe(false);
  });
});
