import type { Keyset } from '../domain/keyset.ts';
import { TURNOVER, type Turnover, turnoverOf } from '../domain/turnover.ts';
import type { Keysets, SupplyCounters } from '../ports.ts';

export interface TurnoverPorts {
  readonly keysets: Keysets;
  readonly counters: Pick<SupplyCounters, 'read'>;
}

export interface TurnoverWatch {
  /**
   * The keysets as they were heard, except that one whose sums can hardly be counted on is shown as retired: wallets get no
   * more outputs on it (12002), spend what they have, and go on with the next one as after any rotation.
   */
  readonly spared: Keysets;
  /** Looks at the sums again, and gives those of the active keysets. */
  refresh(): Promise<readonly Turnover[]>;
}

/** Keeps what one wallet turns over from stopping all units. */
export function watchTurnover({ keysets, counters }: TurnoverPorts): TurnoverWatch {
  let worn: ReadonlySet<string> = new Set();
  const spare = (keyset: Keyset) => (worn.has(keyset.id) ? { ...keyset, active: false } : keyset);
  return {
    spared: {
      get: (keysetId) => {
        const keyset = keysets.get(keysetId);
        return keyset && spare(keyset);
      },
      all: () => keysets.all().map(spare),
      isFresh: () => keysets.isFresh(),
    },
    refresh: async () => {
      if (!keysets.isFresh()) return [];
      const turned = turnoverOf(await counters.read(), keysets.all());
      worn = new Set(turned.filter(({ issued }) => issued > TURNOVER.refused).map(({ keyset }) => keyset));
      return turned;
    },
  };
}
