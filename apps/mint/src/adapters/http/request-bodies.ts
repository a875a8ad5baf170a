import { unixMs } from '@assay/shared/kernel/clock';
import type { Bolt11Terms } from '../../domain/bolt11-quote.ts';
import type { PointHex } from '../../domain/operation.ts';
import type { BatchMintRequest, BlindedOutput, MintRequest, ProofInput, SwapRequest } from '../../domain/request.ts';
import type { LookupRequest } from '../../flows/lookup-quotes.ts';
import type { QuotePosition } from '../../ports.ts';
import {
  amountIn,
  booleanOf,
  integerOf,
  listIn,
  listOf,
  lockingKeyOf,
  objectOf,
  optional,
  pointOf,
  textOf,
  unreadable,
} from './body-reader.ts';
import type { Json, JsonObject } from './json-text.ts';

const SECRET_BYTES_MAX = 2_048;
const WITNESS_BYTES_MAX = 8_192;
const KEYSET_ID_BYTES_MAX = 66;
const QUOTE_ID_BYTES_MAX = 128;
const SIGNATURE_BYTES_MAX = 128;
const UNIT_BYTES_MAX = 32;
const DESCRIPTION_BYTES_MAX = 8_192;
const CURSOR_BYTES_MAX = 512;
const LOOKUP_KEYS_MAX = 20;
const LOOKUP_PAGE_MAX = 200n;

export function swapRequestIn(body: JsonObject): SwapRequest {
  return { inputs: listIn(body, 'inputs', proofOf), outputs: listIn(body, 'outputs', outputOf) };
}

export function mintRequestIn(body: JsonObject): MintRequest {
  return {
    quoteId: quoteIdOf(body.get('quote'), 'quote'),
    outputs: listIn(body, 'outputs', outputOf),
    signature: optional(body.get('signature'), 'signature', signatureOf),
  };
}

/** NUT-29. Amounts and signatures stand beside their quote, so that there are as many of them, or none at all. */
export function batchMintRequestIn(body: JsonObject): BatchMintRequest {
  const quoteIds = quoteIdsIn(body);
  const amounts = optional(body.get('quote_amounts'), 'quote_amounts', (value, what) => listOf(value, what, amountIn));
  const signatures = optional(body.get('signatures'), 'signatures', (value, what) =>
    listOf(value, what, (entry, at) => optional(entry, at, signatureOf)),
  );
  for (const [what, list] of Object.entries({ quote_amounts: amounts, signatures })) {
    if (list !== undefined && list.length !== quoteIds.length) unreadable(`${what} are not as many as quotes`);
  }
  return { quoteIds, amounts, signatures, outputs: listIn(body, 'outputs', outputOf) };
}

export function quoteIdsIn(body: JsonObject): readonly string[] {
  return listIn(body, 'quotes', quoteIdOf);
}

/** Wallets write null or an empty text for what they do not say. */
export function bolt11TermsIn(body: JsonObject): Bolt11Terms {
  return {
    amount: amountIn(body.get('amount'), 'amount'),
    unit: textOf(body.get('unit'), 'unit', UNIT_BYTES_MAX),
    description: optional(body.get('description'), 'description', descriptionOf),
    pubkey: optional(body.get('pubkey'), 'pubkey', lockingKeyOf),
  };
}

/** NUT-07. */
export function ysIn(body: JsonObject): readonly PointHex[] {
  return listIn(body, 'Ys', pointOf);
}

/** NUT-09: amounts and keysets of the outputs are of no interest, the stored ones are answered. */
export function restoredPointsIn(body: JsonObject): readonly PointHex[] {
  return listIn(body, 'outputs', (entry, what) => pointOf(objectOf(entry, what).get('B_'), `${what}.B_`));
}

export function lookupRequestIn(body: JsonObject): Omit<LookupRequest, 'method'> {
  const pubkeys = listIn(body, 'pubkeys', lockingKeyOf);
  const signatures = listIn(body, 'pubkey_signatures', signatureOf);
  if (pubkeys.length === 0 || pubkeys.length > LOOKUP_KEYS_MAX) unreadable(`pubkeys are not 1 to ${LOOKUP_KEYS_MAX}`);
  if (signatures.length !== pubkeys.length) unreadable('pubkey_signatures are not as many as pubkeys');
  return {
    pubkeys,
    signatures,
    timestampS: optional(body.get('timestamp'), 'timestamp', integerOf),
    onlyMintable: optional(body.get('only_mintable'), 'only_mintable', booleanOf) ?? false,
    after: optional(body.get('cursor'), 'cursor', positionOf),
    limit: Number(optional(body.get('limit'), 'limit', pageLimitOf) ?? LOOKUP_PAGE_MAX),
  };
}

/** Opaque to wallets. */
export function renderCursor({ createdAt, naturalKey }: QuotePosition): string {
  return Buffer.from(`${createdAt} ${naturalKey}`).toString('base64url');
}

function positionOf(value: Json, what: string): QuotePosition {
  const text = Buffer.from(textOf(value, what, CURSOR_BYTES_MAX), 'base64url').toString();
  const [, createdAt, naturalKey] = /^(\d{1,15}) (.+)$/.exec(text) ?? [];
  if (createdAt === undefined || naturalKey === undefined) return unreadable(`${what} is none of ours`);
  return { createdAt: unixMs(Number(createdAt)), naturalKey };
}

function pageLimitOf(value: Json, what: string): bigint {
  const limit = integerOf(value, what);
  if (limit < 1n) unreadable(`${what} is less than 1`);
  return limit < LOOKUP_PAGE_MAX ? limit : LOOKUP_PAGE_MAX;
}

export function proofOf(entry: Json, what: string): ProofInput {
  const proof = objectOf(entry, what);
  return {
    amount: amountIn(proof.get('amount'), `${what}.amount`),
    keyset: keysetIdOf(proof.get('id'), `${what}.id`),
    secret: textOf(proof.get('secret'), `${what}.secret`, SECRET_BYTES_MAX),
    c: pointOf(proof.get('C'), `${what}.C`),
    witness: optional(proof.get('witness'), `${what}.witness`, witnessOf),
  };
}

export function outputOf(entry: Json, what: string): BlindedOutput {
  const output = objectOf(entry, what);
  return {
    amount: amountIn(output.get('amount'), `${what}.amount`),
    keyset: keysetIdOf(output.get('id'), `${what}.id`),
    b: pointOf(output.get('B_'), `${what}.B_`),
  };
}

export function quoteIdOf(value: Json | undefined, what: string): string {
  return textOf(value, what, QUOTE_ID_BYTES_MAX);
}

/** The bound that matters is a row of its own. */
function descriptionOf(value: Json, what: string): string {
  return textOf(value, what, DESCRIPTION_BYTES_MAX);
}

function keysetIdOf(value: Json | undefined, what: string): string {
  return textOf(value, what, KEYSET_ID_BYTES_MAX).toLowerCase();
}

function witnessOf(value: Json, what: string): string {
  return textOf(value, what, WITNESS_BYTES_MAX);
}

/** Any text: what is no signature is refused as one, by its own row. */
function signatureOf(value: Json, what: string): string {
  return textOf(value, what, SIGNATURE_BYTES_MAX);
}
