import { unixMs } from '@assay/shared/kernel/clock';
import type { Bolt11Terms } from '../../domain/bolt11-quote.ts';
import type { PointHex } from '../../domain/operation.ts';
import {
  type BatchMintRequest,
  type BlindedOutput,
  type MintRequest,
  type ProofInput,
  SECRET_BYTES_MAX,
  type SwapRequest,
  WITNESS_BYTES_MAX,
} from '../../domain/request.ts';
import type { LookupRequest } from '../../flows/lookup-quotes.ts';
import type { QuotePosition } from '../../ports.ts';
import { unreadable } from './body-reader.ts';
import { AMOUNT, as, BOOLEAN, fields, INTEGER, list, LOCKING_KEY, maybe, POINT, type Shape, text } from './shape.ts';

const LOOKUP_KEYS_MAX = 20;
const LOOKUP_PAGE_MAX = 200n;

export const QUOTE_ID = text(128);
export const UNIT = text(32);
/** Any text: what is no signature is refused as one, by its own row. */
const SIGNATURE = text(128, 'BIP-340, hex');
const KEYSET_ID = as(text(66), (id) => id.toLowerCase());

export const PROOF: Shape<ProofInput> = as(
  fields({
    amount: AMOUNT,
    id: KEYSET_ID,
    secret: text(SECRET_BYTES_MAX),
    C: POINT,
    witness: maybe(text(WITNESS_BYTES_MAX)),
  }),
  ({ amount, id: keyset, secret, C: c, witness }) => ({ amount, keyset, secret, c, witness }),
);

export const OUTPUT: Shape<BlindedOutput> = as(
  fields({ amount: AMOUNT, id: KEYSET_ID, B_: POINT }),
  ({ amount, id: keyset, B_: b }) => ({ amount, keyset, b }),
);

export const SWAP_REQUEST: Shape<SwapRequest> = fields({ inputs: list(PROOF), outputs: list(OUTPUT) });

export const MINT_REQUEST: Shape<MintRequest> = as(
  fields({ quote: QUOTE_ID, outputs: list(OUTPUT), signature: maybe(SIGNATURE) }),
  ({ quote: quoteId, ...rest }) => ({ quoteId, ...rest }),
);

/** NUT-29. Amounts and signatures stand beside their quote, so that there are as many of them, or none at all. */
export const BATCH_MINT_REQUEST: Shape<BatchMintRequest> = as(
  fields({
    quotes: list(QUOTE_ID),
    quote_amounts: maybe(list(AMOUNT)),
    outputs: list(OUTPUT),
    signatures: maybe(list(maybe(SIGNATURE))),
  }),
  ({ quotes: quoteIds, quote_amounts: amounts, signatures, outputs }) => {
    for (const [what, given] of Object.entries({ quote_amounts: amounts, signatures })) {
      if (given !== undefined && given.length !== quoteIds.length) unreadable(`${what} are not as many as quotes`);
    }
    return { quoteIds, amounts, signatures, outputs };
  },
);

/** NUT-29. */
export const QUOTE_CHECK = as(fields({ quotes: list(QUOTE_ID) }), ({ quotes }) => quotes);

/** Wallets write null or an empty text for what they do not say. The bound of a description that matters is a row. */
export const BOLT11_TERMS: Shape<Bolt11Terms> = fields({
  amount: AMOUNT,
  unit: UNIT,
  description: maybe(text(8_192, 'at most 639 bytes of UTF-8')),
  pubkey: maybe(LOCKING_KEY),
});

/** NUT-07. */
export const YS: Shape<readonly PointHex[]> = as(fields({ Ys: list(POINT) }), ({ Ys }) => Ys);

/** NUT-09: amounts and keysets of the outputs are of no interest, the stored ones are answered. */
export const RESTORED_POINTS: Shape<readonly PointHex[]> = as(
  fields({ outputs: list(as(fields({ B_: POINT }), ({ B_ }) => B_)) }),
  ({ outputs }) => outputs,
);

export const LOOKUP_REQUEST: Shape<Omit<LookupRequest, 'method'>> = as(
  fields({
    pubkeys: list(LOCKING_KEY),
    pubkey_signatures: list(SIGNATURE),
    timestamp: maybe(INTEGER),
    only_mintable: maybe(BOOLEAN),
    cursor: maybe(as(text(512, 'of an earlier answer'), positionOf)),
    limit: maybe(INTEGER),
  }),
  ({ pubkeys, pubkey_signatures: signatures, timestamp: timestampS, only_mintable: onlyMintable, cursor, limit }) => {
    if (pubkeys.length === 0 || pubkeys.length > LOOKUP_KEYS_MAX) unreadable(`pubkeys are not 1 to ${LOOKUP_KEYS_MAX}`);
    if (signatures.length !== pubkeys.length) unreadable('pubkey_signatures are not as many as pubkeys');
    const asked = { pubkeys, signatures, timestampS, onlyMintable: onlyMintable ?? false, after: cursor };
    return { ...asked, limit: pageLimitOf(limit ?? LOOKUP_PAGE_MAX) };
  },
);

/** Opaque to wallets. */
export function renderCursor({ createdAt, naturalKey }: QuotePosition): string {
  return Buffer.from(`${createdAt} ${naturalKey}`).toString('base64url');
}

function positionOf(cursor: string, what: string): QuotePosition {
  const position = Buffer.from(cursor, 'base64url').toString();
  const [, createdAt, naturalKey] = /^(\d{1,15}) (.+)$/.exec(position) ?? [];
  if (createdAt === undefined || naturalKey === undefined) return unreadable(`${what} is none of ours`);
  return { createdAt: unixMs(Number(createdAt)), naturalKey };
}

function pageLimitOf(limit: bigint): number {
  if (limit < 1n) unreadable('limit is less than 1');
  return Number(limit < LOOKUP_PAGE_MAX ? limit : LOOKUP_PAGE_MAX);
}
