import type { MeltQuoteRequest } from '../../domain/melt-terms.ts';
import type { MeltRequest } from '../../domain/request.ts';
import { parseUnit } from '../../domain/unit.ts';
import { unreadable } from './body-reader.ts';
import { OUTPUT, PROOF, QUOTE_ID, UNIT } from './request-bodies.ts';
import { AMOUNT, as, BOOLEAN, fields, INTEGER, list, maybe, type Shape, text } from './shape.ts';

const MSAT = as(INTEGER, (msat, what) => (msat >= 1n ? msat : unreadable(`${what} is less than 1`)));

const OPTIONS = fields({
  mpp: maybe(fields({ amount: MSAT })),
  amountless: maybe(fields({ amount_msat: MSAT })),
});

/** NUT-05, 15 and 23. */
export const MELT_QUOTE_REQUEST: Shape<MeltQuoteRequest> = as(
  fields({
    request: text(4_096, 'BOLT-11, or <account key>:<asset>'),
    unit: as(UNIT, (name) => {
      const unit = parseUnit(name);
      return unit.ok ? unit.value : unreadable('unit is no name of a unit');
    }),
    amount: maybe(AMOUNT),
    options: maybe(OPTIONS),
  }),
  ({ options, ...asked }) => ({
    ...asked,
    partMsat: options?.mpp?.amount,
    amountlessMsat: options?.amountless?.amount_msat,
  }),
);

/** Wallets leave `outputs` away, or write null. */
export const MELT_REQUEST: Shape<MeltRequest> = as(
  fields({ quote: QUOTE_ID, inputs: list(PROOF), outputs: maybe(list(OUTPUT)), prefer_async: maybe(BOOLEAN) }),
  ({ quote: quoteId, inputs, outputs = [], prefer_async: prefersAsync = false }) => ({
    ...{ quoteId, inputs, outputs, prefersAsync },
  }),
);
