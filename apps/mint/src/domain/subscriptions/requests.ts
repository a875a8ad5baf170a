import { parseHex, toHex } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { KINDS, parseKind, type SubscriptionKind } from './kinds.ts';

/** Of one connection. */
export const SUBSCRIPTIONS_MAX = 100;
/** Of one subscription. */
export const FILTERS_MAX = 100;
const SUB_ID_CHARS_MAX = 64;
const QUOTE_ID_CHARS_MAX = 128;
const Y_BYTES = 33;

export interface SubscribeRequest {
  /** The wallet's name of the subscription. */
  readonly subId: string;
  readonly kind: string;
  readonly filters: readonly string[];
}

/** A request that is in order, as far as one can tell without looking anything up. */
export interface WantedSubscription {
  readonly subId: string;
  readonly kind: SubscriptionKind;
  /** Each once, in one spelling. */
  readonly filters: readonly string[];
}

/** Why a wallet gets no subscription, and what it is told. */
export const SUBSCRIBE_REFUSALS = {
  'sub-id-malformed': `subId is no text of 1 to ${SUB_ID_CHARS_MAX} characters`,
  'sub-id-in-use': 'subId is in use',
  'too-many-subscriptions': `more than ${SUBSCRIPTIONS_MAX} subscriptions`,
  'kind-unknown': 'no such kind',
  'filters-missing': 'filters is empty',
  'too-many-filters': `more than ${FILTERS_MAX} filters`,
  'filter-malformed': 'a filter is none of this kind',
  'quote-unknown': 'no such quote',
  'mint-full': 'the mint has no room for more filters',
} as const;

export type SubscribeRefusal = keyof typeof SUBSCRIBE_REFUSALS;

/**
 * What a request to subscribe wants, or why it is refused.
 * @param connection open subscriptions of the connection, and how many more filters this instance takes
 */
export function decideSubscribe(
  connection: { readonly open: ReadonlyMap<string, unknown>; readonly room: number },
  { subId, kind: kindText, filters }: SubscribeRequest,
): Result<WantedSubscription, SubscribeRefusal> {
  if (subId.length === 0 || subId.length > SUB_ID_CHARS_MAX) return err('sub-id-malformed');
  if (connection.open.has(subId)) return err('sub-id-in-use');
  if (connection.open.size >= SUBSCRIPTIONS_MAX) return err('too-many-subscriptions');
  const kind = parseKind(kindText);
  if (kind === undefined) return err('kind-unknown');
  if (filters.length === 0) return err('filters-missing');
  if (filters.length > FILTERS_MAX) return err('too-many-filters');
  const wanted = new Set<string>();
  for (const text of filters) {
    const filter = parseFilter(kind, text);
    if (filter === undefined) return err('filter-malformed');
    wanted.add(filter);
  }
  return wanted.size > connection.room ? err('mint-full') : ok({ subId, kind, filters: [...wanted] });
}

/** Ids compare as they are; a Y is bytes, so that either case of its hex is one filter. */
function parseFilter(kind: SubscriptionKind, text: string): string | undefined {
  if (KINDS[kind].of !== 'proofs') return text.length > 0 && text.length <= QUOTE_ID_CHARS_MAX ? text : undefined;
  const y = parseHex(text, Y_BYTES);
  return y.ok ? toHex(y.value) : undefined;
}
