import { BreachState } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { IssuanceLevel, OperationKind } from '@assay/proto/gen/assay/mint/v1/events';
import { GrantState, OperationState, QuoteState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { DeadLetterClass, DeadLetterState } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { enumNames } from './enum-names.ts';

/** What JSON and YAML can say. Amounts and other 64-bit numbers are strings: a parser must not round them. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };
export type PlainRecord = { readonly [key: string]: Plain };

export const QUOTE_STATES = enumNames(QuoteState);
export const OPERATION_STATES = enumNames(OperationState);
export const OPERATION_KINDS = enumNames(OperationKind);
export const GRANT_STATES = enumNames(GrantState);
export const DEAD_LETTER_STATES = enumNames(DeadLetterState);
export const DEAD_LETTER_CLASSES = enumNames(DeadLetterClass);
export const ISSUANCE_LEVELS = enumNames(IssuanceLevel);
export const BREACH_STATES = enumNames(BreachState);

/** How the enum fields of one message are named. */
export type FieldNames = Readonly<Record<string, { nameOf(value: number): string }>>;

/**
 * A message of the contracts as plain data: the contracts' field names in camel case, 64-bit numbers as decimal text,
 * bytes in hex, enums by their short names, times as the wire has them (Unix ms).
 */
export function plainOf(message: object, enums: FieldNames = {}): PlainRecord {
  const entries = Object.entries(message).map(([key, value]) => [key, plainValue(value, enums[key])] as const);
  return Object.fromEntries(entries);
}

function plainValue(value: unknown, names: FieldNames[string] | undefined): Plain {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return names === undefined ? value : names.nameOf(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map((entry) => plainValue(entry, names));
  return typeof value === 'object' && value !== null ? plainOf(value) : null;
}
