import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { describe, expect, test } from 'vitest';
import { aKeyset } from '../../../test/memory-keys.ts';
import { HASH_UNIT, SAT_UNIT } from '../../domain/unit.ts';
import { INFO, type MintCapabilities } from './mint-info.ts';
import { renderJson } from './json-text.ts';

const NOW = unixMs(1_795_227_000_999);
const IDENTITY = { name: 'mint', pubkey: `02${'ab'.repeat(32)}`, version: 'assay-mint/0.1.0' };
const SETTINGS = { unit: SAT_UNIT, takesDescription: true, paysAmountless: true, paysParts: true };
const RULES = { amountMin: amount(1n), amountMax: amount(1_000_000n), requiresPubkey: false, ttlMs: 1 };

const EVERYTHING: MintCapabilities = {
  identity: IDENTITY,
  now: NOW,
  level: 'NONE',
  keysets: [aKeyset({ name: 'active' }), aKeyset({ name: 'sat', unit: SAT_UNIT })],
  fundedUnits: new Set([SAT_UNIT]),
  bolt11: { rules: RULES, backend: { settings: SETTINGS } },
  depositUnits: [],
  batchMax: 100,
};

interface Info {
  readonly nuts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** As a wallet reads it. */
function told(changes: Partial<MintCapabilities> = {}): Info {
  return JSON.parse(renderJson(INFO.render({ ...EVERYTHING, ...changes }))) as Info;
}

const nut = (number: number, changes: Partial<MintCapabilities> = {}) => told(changes).nuts[number];
const methodsOf = (number: number, changes: Partial<MintCapabilities> = {}) =>
  (nut(number, changes)?.['methods'] as { method: string; unit: string }[]).map(
    ({ method, unit }) => `${method}/${unit}`,
  );

describe('what a mint with fake Lightning tells wallets', () => {
  test('is who it is, and every NUT that it has', () => {
    const { nuts, ...rest } = told();
    expect(rest).toEqual({ ...IDENTITY, description: 'Ecash for audited work.', time: 1_795_227_000 });
    expect(Object.keys(nuts)).toEqual(['4', '5', '7', '8', '9', '10', '11', '12', '14', '15', '17', '19', '20', '29']);
    for (const number of [7, 8, 9, 10, 11, 12, 14, 20]) expect(nuts[number]).toEqual({ supported: true });
  });

  test('is how ecash is made (4, 29)', () => {
    const pubkey = { options: { pubkey_required: true } };
    expect(nut(4)).toEqual({
      methods: [
        {
          ...{ method: 'ehash', unit: 'hash', method_name: 'Mining shares' },
          ...{ min_amount: 1, max_amount: 9_007_199_254_740_991, ...pubkey },
        },
        {
          ...{ method: 'reward', unit: 'sat', method_name: 'Rewards' },
          ...{ min_amount: 1, max_amount: 4_503_599_627_370_496, ...pubkey },
        },
        {
          ...{ method: 'escrow', unit: 'sat', method_name: 'Escrow' },
          ...{ min_amount: 1, max_amount: 4_503_599_627_370_496, ...pubkey },
        },
        {
          ...{ method: 'bolt11', unit: 'sat', method_name: 'Lightning' },
          ...{ min_amount: 1, max_amount: 1_000_000, options: { description: true } },
        },
      ],
      disabled: false,
    });
    expect(nut(29)).toEqual({ max_batch_size: 100, methods: ['ehash', 'reward', 'escrow', 'bolt11'] });
  });

  test('is how it is melted (5, 15)', () => {
    const bolt11 = { method: 'bolt11', unit: 'sat' };
    const bounds = { min_amount: 1, max_amount: 1_000_000 };
    expect(nut(5)).toEqual({ methods: [{ ...bolt11, ...bounds, options: { amountless: true } }], disabled: false });
    expect(nut(15)).toEqual({ methods: [bolt11] });
  });

  test('is what can be subscribed to (17)', () => {
    expect(nut(17)).toEqual({
      supported: [
        { method: 'ehash', unit: 'hash', commands: ['ehash_mint_quote', 'proof_state'] },
        { method: 'reward', unit: 'sat', commands: ['reward_mint_quote', 'proof_state'] },
        { method: 'escrow', unit: 'sat', commands: ['escrow_mint_quote', 'proof_state'] },
        { method: 'bolt11', unit: 'sat', commands: ['bolt11_mint_quote', 'bolt11_melt_quote', 'proof_state'] },
      ],
    });
  });

  test('is what may be repeated for ever (19)', () => {
    const minting = ['ehash', 'reward', 'escrow', 'bolt11'].flatMap((m) => [`/v1/mint/${m}`, `/v1/mint/${m}/batch`]);
    const paths = ['/v1/swap', ...minting, '/v1/melt/bolt11'];
    expect(nut(19)).toEqual({ ttl: null, cached_endpoints: paths.map((path) => ({ method: 'POST', path })) });
  });
});

describe('what a mint tells wallets follows from what it can do', () => {
  test('without Lightning nothing of it is told, and nothing melts', () => {
    const without = { bolt11: undefined };
    expect(methodsOf(4, without)).toEqual(['ehash/hash', 'reward/sat', 'escrow/sat']);
    expect(nut(5, without)).toEqual({ methods: [], disabled: true });
    expect([nut(8, without), nut(15, without)]).toEqual([undefined, undefined]);
    expect(nut(29, without)).toMatchObject({ methods: ['ehash', 'reward', 'escrow'] });
  });

  test('a method is offered while a keyset of its unit is active', () => {
    const retired = aKeyset({ name: 'retired', unit: SAT_UNIT, active: false });
    expect(methodsOf(4, { keysets: [aKeyset({ name: 'active' }), retired] })).toEqual(['ehash/hash']);
    expect(methodsOf(4, { keysets: [] })).toEqual([]);
    expect(methodsOf(5, { keysets: [] })).toEqual(['bolt11/sat']);
  });

  test('no method is offered in a unit whose active keyset is expired, though it still melts', () => {
    const until = (finalExpiryS: bigint) => {
      return { keysets: [aKeyset({ name: 'active' }), aKeyset({ name: 'short', unit: SAT_UNIT, finalExpiryS })] };
    };
    expect(methodsOf(4, until(1_795_227_001n))).toContain('bolt11/sat');
    expect(methodsOf(4, until(1_795_227_000n))).toEqual(['ehash/hash']);
    expect(methodsOf(5, until(1_795_227_000n))).toEqual(['bolt11/sat']);
  });

  test('funds pay in the units that are configured', () => {
    const units = { fundedUnits: new Set([SAT_UNIT, HASH_UNIT]) };
    expect(methodsOf(4, units)).toEqual([
      ...['ehash/hash', 'reward/sat', 'reward/hash', 'escrow/sat', 'escrow/hash', 'bolt11/sat'],
    ]);
  });

  test('deposits melt without options of their own, which wallets would take for those of bolt11', () => {
    expect(nut(5, { depositUnits: [SAT_UNIT] })).toMatchObject({
      methods: [
        { method: 'bolt11', options: { amountless: true } },
        { method: 'deposit', unit: 'sat', min_amount: 1, max_amount: 9_007_199_254_740_991 },
      ],
    });
    const [, deposit] = nut(5, { depositUnits: [SAT_UNIT] })?.['methods'] as object[];
    expect(deposit).not.toHaveProperty('options');
  });

  test('where bolt11 quotes are locked only, wallets are told', () => {
    const bolt11 = { rules: { ...RULES, requiresPubkey: true }, backend: { settings: SETTINGS } };
    expect(nut(4, { bolt11 })).toMatchObject({
      methods: expect.arrayContaining([
        expect.objectContaining({ method: 'bolt11', options: { description: true, pubkey_required: true } }),
      ]),
    });
  });

  test.each([
    ['NONE', false, false],
    ['ISSUANCE', true, false],
    ['ALL', true, true],
  ] as const)('at level %s making is disabled: %s, melting: %s', (level, making, melting) => {
    expect([nut(4, { level })?.['disabled'], nut(5, { level })?.['disabled']]).toEqual([making, melting]);
  });
});
