import { z } from 'zod';
import { REFUSED } from './answers.ts';
import type { Endpoint } from './endpoint.ts';
import type { Renderable } from './json-text.ts';
import type { MintIdentity } from './mint-info.ts';
import type { JsonSchema } from './shape.ts';

const JSON_TYPE = 'application/json';
const REFUSALS = { 400: 'refused', 429: 'too many requests', 503: 'temporarily unavailable, repeat the request' };

/** OpenAPI 3.1 of these endpoints, made of the shapes by which they read and the schemas by which they answer. */
export function openApi({ name, version }: MintIdentity, endpoints: readonly Endpoint[]): Renderable {
  const paths = new Map<string, Record<string, Renderable>>();
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths.set(path, { ...paths.get(path), [endpoint.method.toLowerCase()]: operationOf(endpoint) });
  }
  return {
    openapi: '3.1.0',
    info: { title: name, version: version.split('/')[1] ?? version, description: DESCRIPTION },
    paths: Object.fromEntries(paths),
    components: { schemas: { Refused: jsonSchemaOf(REFUSED) } },
  };
}

const DESCRIPTION =
  'A Cashu mint (github.com/cashubtc/nuts). Notifications of NUT-17 are at the WebSocket /v1/ws. Amounts are JSON integers up to 2^53−1.';

function operationOf({ path, nut, summary, body, answer }: Endpoint): Renderable {
  const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
  const content = (schema: Renderable) => ({ [JSON_TYPE]: { schema } });
  const refusals = Object.entries(REFUSALS).map(([status, description]) => [
    status,
    { description, content: content({ $ref: '#/components/schemas/Refused' }) },
  ]);
  const isAlwaysRefused = answer === REFUSED;
  return {
    tags: [`NUT-${nut}`],
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      ...(isAlwaysRefused ? {} : { 200: { description: 'done', content: content(jsonSchemaOf(answer)) } }),
      ...(Object.fromEntries(refusals) as Record<string, Renderable>),
    },
  };
}

/** Amounts are bigint here and integers there. */
function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    unrepresentable: 'any',
    // A field that is added later breaks nobody.
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'bigint') Object.assign(jsonSchema, { type: 'integer', minimum: 0 });
    },
  });
  return rest as JsonSchema;
}
