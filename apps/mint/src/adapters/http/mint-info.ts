import type { UnixMs } from '@assay/shared/kernel/clock';
import { QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import type { IssuanceLevel } from '../../domain/issuance-level.ts';
import type { Keyset } from '../../domain/keyset.ts';
import { METHODS } from '../../domain/methods.ts';
import { HASH_UNIT, type Unit } from '../../domain/unit.ts';
import type { Renderable } from './json-text.ts';

export interface MintIdentity {
  readonly name: string;
  /** NUT-06 key, lower-case hex. */
  readonly pubkey: string;
  /** `assay-mint/x.y.z` */
  readonly version: string;
}

/** Requests whose answer is stored for ever (NUT-19). */
const CACHED_PATHS = ['/v1/swap', '/v1/mint/ehash'];

const DESCRIPTION = 'Ecash for audited work. Secrets with spending conditions (P2PK, HTLC) are not accepted.';

/**
 * NUT-06, from what this process can do now. A method is offered while a keyset of its unit is active. Melts, spending
 * conditions, batches and notifications are announced once they exist.
 */
export function mintInfo(
  identity: MintIdentity,
  now: UnixMs,
  { level, keysets }: { readonly level: IssuanceLevel; readonly keysets: readonly Keyset[] },
): Renderable {
  const units = new Set(keysets.filter(({ active }) => active).map(({ unit }) => unit));
  const { ehash } = METHODS;
  const offered = units.has(HASH_UNIT) ? [describeMethod('ehash', HASH_UNIT, ehash.name)] : [];
  return {
    ...identity,
    description: DESCRIPTION,
    time: Math.floor(now / 1_000),
    nuts: {
      4: {
        methods: offered,
        disabled: level !== 'NONE',
      },
      5: { methods: [], disabled: true },
      7: { supported: true },
      9: { supported: true },
      12: { supported: true },
      19: { ttl: null, cached_endpoints: CACHED_PATHS.map((path) => ({ method: 'POST', path })) },
      20: { supported: true },
    },
  };
}

function describeMethod(method: string, unit: Unit, name: string): Renderable {
  return {
    method,
    unit,
    method_name: name,
    min_amount: 1,
    max_amount: QUOTE_AMOUNT_MAX,
    options: { pubkey_required: true },
  };
}
