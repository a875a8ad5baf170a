import type { MeltQuoteRequest } from '../../domain/melt-terms.ts';
import type { MeltRequest } from '../../domain/request.ts';
import { parseUnit, type Unit } from '../../domain/unit.ts';
import { amountIn, booleanOf, integerOf, listIn, objectOf, optional, textOf, unreadable } from './body-reader.ts';
import type { Json, JsonObject } from './json-text.ts';
import { outputOf, proofOf, quoteIdOf } from './request-bodies.ts';

const REQUEST_BYTES_MAX = 4_096;
const UNIT_BYTES_MAX = 32;

/** NUT-05, 15 and 23. */
export function meltQuoteRequestIn(body: JsonObject): MeltQuoteRequest {
  const options = optional(body.get('options'), 'options', objectOf);
  return {
    request: textOf(body.get('request'), 'request', REQUEST_BYTES_MAX),
    unit: unitOf(body.get('unit')),
    amount: optional(body.get('amount'), 'amount', amountIn),
    partMsat: msatIn(options, 'mpp', 'amount'),
    amountlessMsat: msatIn(options, 'amountless', 'amount_msat'),
  };
}

/** Wallets leave `outputs` away, or write null. */
export function meltRequestIn(body: JsonObject): MeltRequest {
  const outputs = body.get('outputs') ?? null;
  return {
    quoteId: quoteIdOf(body.get('quote'), 'quote'),
    inputs: listIn(body, 'inputs', proofOf),
    outputs: outputs === null ? [] : listIn(body, 'outputs', outputOf),
    prefersAsync: optional(body.get('prefer_async'), 'prefer_async', booleanOf) ?? false,
  };
}

function unitOf(value: Json | undefined): Unit {
  const unit = parseUnit(textOf(value, 'unit', UNIT_BYTES_MAX));
  return unit.ok ? unit.value : unreadable('unit is no name of a unit');
}

function msatIn(options: JsonObject | undefined, name: string, field: string): bigint | undefined {
  const option = options && optional(options.get(name), `options.${name}`, objectOf);
  if (option === undefined) return undefined;
  const msat = integerOf(option.get(field) ?? null, `options.${name}.${field}`);
  return msat >= 1n ? msat : unreadable(`options.${name}.${field} is less than 1`);
}
