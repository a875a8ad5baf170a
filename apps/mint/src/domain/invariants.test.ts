import { describe, expect, it } from 'vitest';
import { aKeyset } from '../../test/memory-keys.ts';
import { turnoverBreaches } from './invariants.ts';
import type { KeysetSupply } from './supply.ts';
import { TURNOVER } from './turnover.ts';

const ACTIVE = aKeyset({ name: 'active' });
const RETIRED = aKeyset({ name: 'retired', active: false });

function turnedOver({ id: keyset, unit }: typeof ACTIVE, issuedSum: bigint): KeysetSupply {
  return { keyset, unit, issuedCount: 1n, issuedSum, spentCount: 1n, spentSum: issuedSum };
}

describe('what was ever issued on a keyset', () => {
  const found = (...supplies: KeysetSupply[]) => {
    const keysets = new Map(supplies.map((supply) => [supply.keyset, supply]));
    return turnoverBreaches({ keysets, methods: new Map() }, [ACTIVE, RETIRED]);
  };

  it('stops everything while it can still be counted, until the keyset is rotated', () => {
    const full = TURNOVER.stopped + 1n;
    expect(found(turnedOver(ACTIVE, TURNOVER.stopped))).toEqual([]);
    expect(found(turnedOver(ACTIVE, full))).toMatchObject([{ invariant: 'M6', scope: ACTIVE.id }]);
    expect(found(turnedOver(RETIRED, full))).toEqual([]);
  });
});
