import type { UnitRecord } from '../src/domain/unit.ts';
import type { UnitStore } from '../src/ports.ts';

/** The units in memory: passes the same contract suite as the MongoDB adapter. */
export function memoryUnitStore(): UnitStore {
  const units = new Map<string, UnitRecord>();
  const isTaken = (id: string) => [...units.values()].some(({ keysets }) => keysets.some((keyset) => keyset.id === id));
  return {
    all: () => Promise.resolve([...units.values()]),
    insert: (record) => {
      if (units.has(record.unit)) return Promise.resolve('taken');
      if (record.keysets.some(({ id }) => isTaken(id))) return Promise.resolve('id-taken');
      units.set(record.unit, record);
      return Promise.resolve('committed');
    },
    rotate: (read, keyset) => {
      const stored = units.get(read.unit);
      if (stored === undefined || stored.version !== read.version) return Promise.resolve('stale');
      if (isTaken(keyset.id)) return Promise.resolve('id-taken');
      const { unit, keysets, version } = stored;
      units.set(unit, { unit, keysets: [...keysets, keyset], activeIndex: keyset.index, version: version + 1 });
      return Promise.resolve('committed');
    },
  };
}
