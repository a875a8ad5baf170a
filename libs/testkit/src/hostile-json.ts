import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { z } from 'zod';

// Bodies of every wrong shape, derived from an API's own description: a new endpoint cannot be forgotten.

/** As much of JSON Schema as our own descriptions use. */
interface Schema {
  readonly type?: string | undefined;
  readonly pattern?: string | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly items?: Schema | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
}

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    pattern: z.string().optional(),
    properties: z.record(z.string(), schema).optional(),
    items: schema.optional(),
    anyOf: z.array(schema).optional(),
  }),
);
const content = z.object({ content: z.object({ 'application/json': z.object({ schema }) }) });
const description = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ requestBody: content.optional() }))),
});

export interface DescribedEndpoint {
  readonly method: 'GET' | 'POST';
  /** With `{name}` for what varies. */
  readonly path: string;
  readonly body: Schema | undefined;
}

/** Every endpoint of an OpenAPI description, in its order. */
export function describedEndpoints(openApi: unknown): readonly DescribedEndpoint[] {
  return Object.entries(description.parse(openApi).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody }]) => ({
      method: method === 'get' ? ('GET' as const) : ('POST' as const),
      path,
      body: requestBody?.content['application/json'].schema,
    })),
  );
}

export interface HostileBody {
  /** What is wrong with it, for the message of a failing test. */
  readonly what: string;
  readonly bytes: Uint8Array;
}

const POINT = '02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9';
const MEBIBYTE = 1_048_576;

/** A body with everything that the schema knows, of the right types. */
function exampleOf({ type, pattern, properties = {}, items = {}, anyOf: [first] = [] }: Schema): unknown {
  if (first !== undefined) return exampleOf(first);
  if (type === 'object') return Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, exampleOf(v)]));
  if (type === 'array') return [exampleOf(items)];
  if (type === 'integer') return 1;
  if (type === 'boolean') return false;
  return pattern === undefined ? 'text' : POINT;
}

/** JSON as it would stand in a body, in place of any value. */
const WRONG_VALUES: readonly string[] = [
  ...['null', 'true', '0', '-1', '-0', '1.0', '1.5', '1e0', '1E3', '1e999', '0.1e-400', '01', '+1', '0x1', 'NaN'],
  ...['Infinity', '9007199254740992', '18446744073709551616', '1'.repeat(20), '9'.repeat(400), '"1"', '" 1"', '""'],
  ...['[]', '{}', '[[]]', '[null]', '{"$gt":""}', '{"__proto__":1}', '"__proto__"', '"$where"', '"\\u0000"'],
  ...[
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\ufeff"',
    `"${'x'.repeat(10_000)}"`,
    `"${'ü'.repeat(5_000)}"`,
    "'x'",
    'undefined',
  ],
  ...[
    `${'['.repeat(17)}${']'.repeat(17)}`,
    `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
    `[${'1,'.repeat(40_000)}1]`,
  ],
];

/** As texts: points off the curve, at infinity, uncompressed, hybrid, x-only, of no field, too long, no hex. */
const WRONG_POINTS: readonly string[] = [
  ...[`02${'0'.repeat(63)}5`, '00', '00'.repeat(33), `04${POINT.slice(2)}${POINT.slice(2)}`, `05${POINT.slice(2)}`],
  ...[`06${POINT.slice(2)}${POINT.slice(2)}`, POINT.slice(2), `02${'ff'.repeat(32)}`, `${POINT}00`, `0x${POINT}`],
  ...[`${POINT.slice(0, -1)}g`, ` ${POINT}`, `02${'00'.repeat(32)}`, `${POINT.slice(0, -2)}ｆｆ`],
].map((point) => JSON.stringify(point));

const MARK = '"\u0001"';

/** Where something can be put in place of something else: names and indices from the root. */
type Place = readonly (string | number)[];

function placesIn(value: unknown, at: Place = []): Place[] {
  if (value === null || typeof value !== 'object') return [at];
  return [at, ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...at, name]))];
}

/** The example's text with `by` in one place; undefined: the place is left out. */
function textWith(value: unknown, [name, ...rest]: Place, by: string | undefined): string | undefined {
  if (name === undefined) return by;
  const entries = Object.entries(value as object).flatMap(([key, inner]) => {
    const text = key === name ? textWith(inner, rest, by) : JSON.stringify(inner);
    return text === undefined ? [] : [Array.isArray(value) ? text : `${JSON.stringify(key)}:${text}`];
  });
  return Array.isArray(value) ? `[${entries.join(',')}]` : `{${entries.join(',')}}`;
}

/** One value of a body that is otherwise right is something else, missing, or there twice. */
function spoiltValue(example: unknown): fc.Arbitrary<HostileBody> {
  const place = fc.constantFrom(...placesIn(example));
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...WRONG_VALUES) },
    { weight: 1, arbitrary: fc.constantFrom(...WRONG_POINTS) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
  const replaced = fc.tuple(place, value).map(([at, by]) => ({
    what: `${by === undefined ? 'nothing' : by.slice(0, 60)} at ${at.join('.')}`,
    bytes: Buffer.from(textWith(example, at, by) ?? ''),
  }));
  const doubled = fc.tuple(place, value).map(([at, by = '1']) => {
    const name = JSON.stringify(String(at.at(-1) ?? ''));
    const text = (textWith(example, at, MARK) ?? '').replace(`${name}:${MARK}`, `${name}:${by},${name}:1`);
    return { what: `${name} twice at ${at.join('.')}`, bytes: Buffer.from(text) };
  });
  return fc.oneof({ weight: 4, arbitrary: replaced }, { weight: 1, arbitrary: doubled });
}

/** The body as a whole is not what it should be. */
function spoiltWhole(example: unknown): fc.Arbitrary<HostileBody> {
  const text = JSON.stringify(example);
  const bytes = Buffer.from(text);
  const known: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', Buffer.alloc(0)],
    ['a list for the object', Buffer.from(`[${text}]`)],
    ['a text for the object', Buffer.from(JSON.stringify(text))],
    ['a mark of the byte order', Buffer.from(`\ufeff${text}`)],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['no UTF-8', Buffer.from(text.replaceAll('t', '\u00ff'), 'latin1')],
    ['compressed', gzipSync(text)],
    ['a megabyte of zeros, compressed', gzipSync(Buffer.alloc(MEBIBYTE))],
    ['a megabyte and a byte', Buffer.from(text.padEnd(MEBIBYTE + 1))],
    ['a form', Buffer.from('inputs=1&outputs=2')],
    ['two of them', Buffer.from(`${text}\n${text}`)],
  ];
  const byte = fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255)).map(([at, by]) => ({
    what: `byte ${at} is ${by}`,
    bytes: Buffer.from(bytes).fill(by, at, at + 1),
  }));
  const cut = fc.nat(bytes.length).map((at) => ({ what: `cut at ${at}`, bytes: bytes.subarray(0, at) }));
  const noise = fc.uint8Array({ maxLength: 400 }).map((given) => ({ what: 'noise', bytes: given }));
  const whole = fc.constantFrom(...known).map(([what, given]) => ({ what, bytes: given }));
  return fc.oneof({ weight: 3, arbitrary: whole }, byte, cut, noise);
}

/** Mostly wrong bodies for an endpoint; for one without a body, as if it had one. */
export function hostileBodies({ body }: DescribedEndpoint): fc.Arbitrary<HostileBody> {
  const example = exampleOf(body ?? { type: 'object', properties: { unit: { type: 'string' } } });
  return fc.oneof({ weight: 3, arbitrary: spoiltValue(example) }, { weight: 1, arbitrary: spoiltWhole(example) });
}

const NAMES = [
  'bolt11',
  'ehash',
  'reward',
  'escrow',
  'deposit',
  'check',
  'batch',
  'pubkey',
  '__proto__',
  'constructor',
];
const ODD_NAMES = [
  '%00',
  '%2e%2e%2f',
  '%ff',
  '%zz',
  '%',
  'BOLT11',
  'ä',
  '%F0%9F%92%A3',
  ';',
  ' ',
  '*',
  `${'a'.repeat(2_000)}`,
];

/** The path with something in each of its places. */
export function hostilePaths({ path }: DescribedEndpoint): fc.Arbitrary<string> {
  const names = [...path.matchAll(/\{\w+\}/g)];
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
    fc.constantFrom(...ODD_NAMES),
    fc.webSegment(),
  );
  const filled = fc.tuple(...names.map(() => name)).map((given) => {
    const left = [...given];
    return path.replaceAll(/\{\w+\}/g, () => left.shift() ?? '');
  });
  const query = fc.oneof(
    { weight: 5, arbitrary: fc.constant('') },
    fc.constantFrom('?', '?a=1', '?%', '?__proto__[a]=1'),
  );
  return fc.tuple(filled, query).map((parts) => encodeURI(parts.join('')).replaceAll('%25', '%'));
}
