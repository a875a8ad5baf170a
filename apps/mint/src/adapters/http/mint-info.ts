import { z } from 'zod';
import type { IssuanceLevel } from '../../domain/issuance-level.ts';
import { METHODS } from '../../domain/methods.ts';
import type { QuoteMethod } from '../../domain/quote.ts';
import { KINDS, type SubscriptionKind } from '../../domain/subscriptions/kinds.ts';
import { shown } from './answers.ts';
import type { Renderable } from './json-text.ts';
import { type MeltOffer, meltOffers, type MintOffer, mintOffers, type Offering } from './mint-offers.ts';

export interface MintIdentity {
  readonly name: string;
  /** NUT-06 key, lower-case hex. */
  readonly pubkey: string;
  /** `assay-mint/x.y.z` */
  readonly version: string;
}

export interface MintCapabilities extends Offering {
  readonly identity: MintIdentity;
  readonly level: IssuanceLevel;
  /** Quotes of one batch. */
  readonly batchMax: number;
}

const DESCRIPTION = 'Ecash for audited work.';
const SUPPORTED = { supported: true } as const;

/** NUT-06, from what this process can do now. */
export const INFO = shown(
  z.object({
    name: z.string(),
    pubkey: z.string(),
    version: z.string(),
    description: z.string(),
    time: z.number().int().describe('Unix seconds'),
    nuts: z.record(z.string(), z.custom<Renderable>()).describe('number of the NUT → what is offered of it'),
  }),
  mintInfo,
);

function mintInfo(capabilities: MintCapabilities) {
  const { identity, now } = capabilities;
  const [mints, melts] = [mintOffers(capabilities), meltOffers(capabilities)];
  return {
    ...identity,
    description: DESCRIPTION,
    time: Math.floor(now / 1_000),
    nuts: { ...mintingNuts(mints, capabilities), ...meltingNuts(melts, capabilities), ...sharedNuts(mints, melts) },
  };
}

function mintingNuts(mints: readonly MintOffer[], { level, batchMax, bolt11 }: MintCapabilities) {
  const methods = mints.map((offer) => ({
    ...describe(offer),
    method_name: METHODS[offer.method].name,
    options: offer.method === 'bolt11' ? bolt11Options(bolt11) : { pubkey_required: true },
  }));
  return {
    4: { methods, disabled: level !== 'NONE' },
    20: SUPPORTED,
    29: { max_batch_size: batchMax, methods: [...methodsOf(mints)] },
  };
}

/** Wallets read these options strictly: what goes without saying is left out. */
function bolt11Options(bolt11: Offering['bolt11']): Renderable {
  const description = bolt11?.backend.settings.takesDescription ?? false;
  return bolt11?.rules.requiresPubkey === true ? { description, pubkey_required: true } : { description };
}

function meltingNuts(melts: readonly MeltOffer[], { level, bolt11 }: MintCapabilities) {
  const settings = bolt11?.backend.settings;
  // Options of another method than bolt11 would be read as those of bolt11.
  const methods = melts.map((offer) => ({
    ...describe(offer),
    ...(offer.method === 'bolt11' ? { options: { amountless: settings?.paysAmountless ?? false } } : {}),
  }));
  const inParts = melts.filter(({ method }) => method === 'bolt11' && settings?.paysParts === true);
  return {
    5: { methods, disabled: melts.length === 0 || level === 'ALL' },
    ...(melts.length === 0 ? {} : { 8: SUPPORTED }),
    ...(inParts.length === 0 ? {} : { 15: { methods: inParts.map(({ method, unit }) => ({ method, unit })) } }),
  };
}

function sharedNuts(mints: readonly MintOffer[], melts: readonly MeltOffer[]) {
  const supported = Object.fromEntries(['7', '9', '10', '11', '12', '14'].map((nut) => [nut, SUPPORTED]));
  const paths = [
    '/v1/swap',
    ...methodsOf(mints).flatMap((method) => [`/v1/mint/${method}`, `/v1/mint/${method}/batch`]),
    ...methodsOf(melts).map((method) => `/v1/melt/${method}`),
  ];
  return {
    ...supported,
    17: { supported: subscribable([...mints, ...melts]) },
    // The operation is the stored answer.
    19: { ttl: null, cached_endpoints: paths.map((path) => ({ method: 'POST', path })) },
  };
}

/** Per method and unit what can be subscribed to. */
function subscribable(offers: readonly (MintOffer | MeltOffer)[]): Renderable {
  const pairs = new Map(offers.map(({ method, unit }) => [`${method} ${unit}`, { method, unit }]));
  return [...pairs.values()].map((pair) => ({ ...pair, commands: commandsOf(pair.method) }));
}

function commandsOf(method: QuoteMethod | MeltOffer['method']): Renderable {
  const kinds = Object.entries(KINDS) as [SubscriptionKind, (typeof KINDS)[SubscriptionKind]][];
  return kinds.filter(([, kind]) => kind.of === 'proofs' || kind.method === method).map(([name]) => name);
}

function describe({ method, unit, amountMin, amountMax }: MintOffer | MeltOffer) {
  return { method, unit, min_amount: amountMin, max_amount: amountMax };
}

function methodsOf<Method>(offers: readonly { readonly method: Method }[]): readonly Method[] {
  return [...new Set(offers.map(({ method }) => method))];
}
