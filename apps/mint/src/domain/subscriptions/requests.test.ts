import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filterHash, KINDS, parseKind, shardOf } from './kinds.ts';
import {
  decideSubscribe,
  FILTERS_MAX,
  SUBSCRIBE_REFUSALS,
  type SubscribeRefusal,
  type SubscribeRequest,
  SUBSCRIPTIONS_MAX,
} from './requests.ts';

const Y = `02${'ab'.repeat(32)}`;
const ROOM = 1_000;
const REQUEST: SubscribeRequest = { subId: 's', kind: 'ehash_mint_quote', filters: ['q'] };
const many = (count: number) => Array.from({ length: count }, (_, at) => `q-${at}`);
const open = (...subIds: string[]) => new Map(subIds.map((subId) => [subId, undefined]));

function refusalOf(request: Partial<SubscribeRequest>, connection = { open: open(), room: ROOM }) {
  const decision = decideSubscribe(connection, { ...REQUEST, ...request });
  return decision.ok ? undefined : decision.error;
}

/** Each refusal with a request that gets it; the compiler asks for the missing ones. */
const REFUSED: Readonly<Record<Exclude<SubscribeRefusal, 'quote-unknown'>, () => string | undefined>> = {
  'sub-id-malformed': () => refusalOf({ subId: 'x'.repeat(65) }),
  'sub-id-in-use': () => refusalOf({}, { open: open('s'), room: ROOM }),
  'too-many-subscriptions': () => refusalOf({}, { open: open(...many(SUBSCRIPTIONS_MAX)), room: ROOM }),
  'kind-unknown': () => refusalOf({ kind: 'bolt12_mint_quote' }),
  'filters-missing': () => refusalOf({ filters: [] }),
  'too-many-filters': () => refusalOf({ filters: many(FILTERS_MAX + 1) }),
  'filter-malformed': () => refusalOf({ kind: 'proof_state', filters: [Y, 'q'] }),
  'mint-full': () => refusalOf({ filters: ['a', 'b'] }, { open: open(), room: 1 }),
};

describe('a request to subscribe', () => {
  test.each(Object.entries(REFUSED))('is refused as %s', (refusal, ask) => {
    expect(ask()).toBe(refusal);
  });

  test('is refused by the first reason in the order of the table', () => {
    const all = { subId: '', kind: 'none', filters: [] };
    expect(refusalOf(all)).toBe(Object.keys(SUBSCRIBE_REFUSALS)[0]);
  });

  test('is granted up to every limit', () => {
    const connection = { open: open(...many(SUBSCRIPTIONS_MAX - 1)), room: FILTERS_MAX };
    const filters = many(FILTERS_MAX);
    expect(decideSubscribe(connection, { ...REQUEST, subId: 'x'.repeat(64), filters })).toMatchObject({
      ok: true,
      value: { filters },
    });
  });

  test('names each filter once, a Y in either case', () => {
    const request = { subId: 's', kind: 'proof_state', filters: [Y.toUpperCase(), Y] };
    expect(decideSubscribe({ open: open(), room: ROOM }, request)).toMatchObject({ value: { filters: [Y] } });
  });

  test('is decided for any text', () => {
    const request = fc.record({
      subId: fc.string(),
      kind: fc.oneof(fc.constantFrom(...Object.keys(KINDS), '__proto__', 'toString'), fc.string()),
      filters: fc.array(fc.oneof(fc.string(), fc.constant(Y))),
    });
    fc.assert(
      fc.property(request, (asked) => {
        const decision = decideSubscribe({ open: open(), room: ROOM }, asked);
        if (!decision.ok) return Object.hasOwn(SUBSCRIBE_REFUSALS, decision.error);
        return decision.value.filters.every((filter) =>
          asked.filters.some((text) => text.toLowerCase() === filter.toLowerCase()),
        );
      }),
    );
  });
});

describe('kinds', () => {
  test('are those of the specification, and no other word', () => {
    expect(Object.keys(KINDS)).toEqual([
      'ehash_mint_quote',
      'reward_mint_quote',
      'escrow_mint_quote',
      'bolt11_mint_quote',
      'bolt11_melt_quote',
      'deposit_melt_quote',
      'proof_state',
    ]);
    expect(['', 'ehash', 'constructor', 'bolt12_mint_quote'].map(parseKind)).toEqual(Array(4).fill(undefined));
  });

  test('have filters whose shard is the first byte of their hash, mod 64', () => {
    fc.assert(
      fc.property(fc.string(), (filter) => {
        const [first = 0] = sha256(utf8(filter));
        expect(shardOf(filterHash(filter))).toBe(first % 64);
        expect(filterHash(filter)).toBe(toHex(sha256(utf8(filter))));
      }),
    );
  });
});
