import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Codec } from './catalogue.ts';
import { generatedExports } from '../test/generated-exports.ts';

interface Vector {
  /** Full name of the message. */
  readonly message: string;
  /** Every field set, in the JSON mapping of proto3 with enums as numbers. */
  readonly json: unknown;
  readonly hex: string;
}

const VECTORS = new URL('../../../vectors/wire/', import.meta.url);

const vectors = readdirSync(VECTORS)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => (JSON.parse(readFileSync(new URL(file, VECTORS), 'utf8')) as { vectors: Vector[] }).vectors);

const codecs = new Map<string, Codec<object>>();
for (const { package: scope, name, value } of await generatedExports()) {
  if (isCodec(value) && !name.includes('_')) codecs.set(`${scope}.${name}`, value);
}

/** Noise, and golden bytes with a few of them changed, dropped or added. */
function damagedBytes(golden: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(fc.nat(golden.length), fc.nat(2), fc.uint8Array({ maxLength: 12 }));
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
  const damaged = edits.map((all) =>
    all.reduce<number[]>((bytes, [at, dropped, added]) => bytes.toSpliced(at, dropped, ...added), [...golden]),
  );
  return fc.oneof(
    damaged.map((bytes) => Uint8Array.from(bytes)),
    fc.uint8Array({ maxLength: 200 }),
  );
}

describe('every message on the wire', () => {
  test('has golden bytes of another implementation', () => {
    expect(new Set(vectors.map(({ message }) => message))).toEqual(new Set(codecs.keys()));
  });

  test.each(vectors)('$message reads them, and writes the same bytes', ({ message, json, hex }) => {
    const decoded = codecOf(message).decode(Buffer.from(hex, 'hex'));
    expect(asJson(decoded)).toEqual(json);
    expect(hexOf(message, decoded)).toBe(hex);
  });

  test.each(vectors)('$message has every field set in them', ({ message, hex }) => {
    expect(unsetFields(codecOf(message).decode(Buffer.from(hex, 'hex')))).toEqual([]);
  });

  test.each(vectors)('$message of damaged bytes is an Error, or a message like any other', ({ message, hex }) => {
    const { decode } = codecOf(message);
    const property = fc.property(damagedBytes(Buffer.from(hex, 'hex')), (bytes) => {
      const decoded = valueOrError(() => decode(bytes));
      if (decoded instanceof Error) return;
      const written = hexOf(message, decoded);
      expect(hexOf(message, decode(Buffer.from(written, 'hex')))).toBe(written);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test.each([...codecs.keys()])('%s is empty when nothing is set', (message) => {
    expect(hexOf(message, codecOf(message).decode(new Uint8Array()))).toBe('');
  });
});

function valueOrError<T>(make: () => T): T | Error {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function isCodec(value: unknown): value is Codec<object> {
  return typeof value === 'object' && value !== null && 'encode' in value && 'decode' in value;
}

function codecOf(message: string): Codec<object> {
  const codec = codecs.get(message);
  if (codec === undefined) throw new Error(`no message ${message}`);
  return codec;
}

function hexOf(message: string, value: object): string {
  return Buffer.from(codecOf(message).encode(value).finish()).toString('hex');
}

function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), asJson(item)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) =>
      isOneof(field) ? [field.$case, asJson(field.value)] : [key, asJson(field)],
    ),
  );
}

function isOneof(field: unknown): field is { readonly $case: string; readonly value: unknown } {
  return typeof field === 'object' && field !== null && '$case' in field;
}

/** Paths of the fields that hold what an absent field reads as. */
function unsetFields(value: unknown, path = ''): string[] {
  if (value instanceof Uint8Array || Array.isArray(value)) {
    const inside = value instanceof Uint8Array ? [] : value.flatMap((item, at) => unsetFields(item, `${path}[${at}]`));
    return value.length === 0 ? [path] : inside;
  }
  if (value instanceof Map) return value.size === 0 ? [path] : [];
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, field]) => unsetFields(field, `${path}.${key}`));
  }
  return value === undefined || value === '' || value === false || Number(value) === 0 ? [path] : [];
}
