import { QUOTE_AMOUNT_MAX, type Amount } from '@assay/shared/kernel/money';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { PointHex } from '../../domain/operation.ts';
import {
  amountIn,
  booleanOf,
  integerOf,
  listOf,
  lockingKeyOf,
  objectOf,
  optional,
  pointOf,
  readPart,
  textOf,
  WHOLE,
} from './body-reader.ts';
import type { Json, Renderable } from './json-text.ts';

export type JsonSchema = { readonly [keyword: string]: Renderable };

/** One part of a body: how it is read, and by the same token what it looks like (JSON Schema 2020-12). */
export interface Shape<T> {
  readonly schema: JsonSchema;
  readonly mayBeMissing: boolean;
  /** Throws for what is not of this shape; `what` names the part, and is empty for an entry of a list. */
  readonly read: (value: Json | undefined, what: string) => T;
}

/** What a shape reads. */
export type ReadBy<S> = S extends Shape<infer T> ? T : never;

function shape<T>(schema: JsonSchema, read: (value: Json, what: string) => T): Shape<T> {
  return { schema, mayBeMissing: false, read: (value, what) => read(value ?? null, what) };
}

export function text(bytesMax: number, description?: string): Shape<string> {
  const schema = { type: 'string', maxLength: bytesMax, ...(description === undefined ? {} : { description }) };
  return shape(schema, (value, what) => textOf(value, what, bytesMax));
}

export const AMOUNT: Shape<Amount> = shape({ type: 'integer', minimum: 0, maximum: QUOTE_AMOUNT_MAX }, amountIn);
export const INTEGER: Shape<bigint> = shape({ type: 'integer', minimum: 0 }, integerOf);
export const BOOLEAN: Shape<boolean> = shape({ type: 'boolean' }, booleanOf);
const HEX_OF_POINT = { type: 'string', pattern: '^[0-9a-fA-F]{66}$', description: 'compressed point' };
export const POINT: Shape<PointHex> = shape(HEX_OF_POINT, pointOf);
export const LOCKING_KEY: Shape<LockingKey> = shape(HEX_OF_POINT, lockingKeyOf);

export function list<T>(entry: Shape<T>): Shape<readonly T[]> {
  return shape({ type: 'array', items: entry.schema }, (value, what) =>
    listOf(value, what, (part) => entry.read(part, '')),
  );
}

/** Missing and null are alike. */
export function maybe<T>({ schema, read }: Shape<T>): Shape<T | undefined> {
  return {
    schema: { anyOf: [schema, { type: 'null' }] },
    mayBeMissing: true,
    read: (value, what) => optional(value, what, read),
  };
}

/** The shape, read into what the domain calls it. */
export function as<T, U>(known: Shape<T>, make: (value: T, what: string) => U): Shape<U> {
  return { ...known, read: (value, what) => make(known.read(value, what), what) };
}

/** An object with these fields; others in it are nobody's. */
export function fields<F extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: F,
): Shape<{ readonly [K in keyof F]: ReadBy<F[K]> }> {
  const entries = Object.entries(shapes);
  const required = entries.filter(([, { mayBeMissing }]) => !mayBeMissing).map(([name]) => name);
  const properties = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
  return shape({ type: 'object', properties, required }, (value, what) => {
    const object = objectOf(value, what);
    const read: Record<string, unknown> = {};
    const readAll = () => {
      for (const [name, field] of entries) read[name] = field.read(object.get(name), name);
      return read as { readonly [K in keyof F]: ReadBy<F[K]> };
    };
    return what === WHOLE || what === '' ? readAll() : readPart(() => what, readAll);
  });
}
