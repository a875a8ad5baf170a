import { describe, expect, it } from 'vitest';
import { aKeyset, memoryKeysets } from '../../test/memory-keys.ts';
import { memoryMint } from '../../test/memory-mint.ts';
import { mintProofs, swapAs, swapRequest } from '../../test/requests.ts';
import type { Supply } from '../domain/supply.ts';
import { TURNOVER } from '../domain/turnover.ts';
import { SAT_UNIT } from '../domain/unit.ts';
import { watchTurnover } from './watch-turnover.ts';

const HASH = aKeyset({ name: 'hash' });
const SAT = aKeyset({ name: 'sat', unit: SAT_UNIT });
const RETIRED = aKeyset({ name: 'retired', active: false });

/** Counters of a mint that issued so much on the keyset, and spent it again. */
function turnedOver({ id: keyset, unit }: typeof HASH, issuedSum: bigint): { read(): Promise<Supply> } {
  const sums = { keyset, unit, issuedCount: 1n, issuedSum, spentCount: 1n, spentSum: issuedSum };
  return { read: async () => ({ keysets: new Map([[keyset, sums]]), methods: new Map() }) };
}

describe('a keyset that turned over', () => {
  it('as much as can be counted on is as it was', async () => {
    const watch = watchTurnover({ keysets: memoryKeysets([HASH, SAT]), counters: turnedOver(HASH, TURNOVER.refused) });
    expect(await watch.refresh()).toEqual([
      { unit: 'hash', keyset: HASH.id, issued: TURNOVER.refused },
      { unit: 'sat', keyset: SAT.id, issued: 0n },
    ]);
    expect(watch.spared.all()).toEqual([HASH, SAT]);
  });

  it('more is shown as retired, and no other is', async () => {
    const keysets = memoryKeysets([RETIRED, HASH, SAT]);
    const watch = watchTurnover({ keysets, counters: turnedOver(HASH, TURNOVER.refused + 1n) });
    await watch.refresh();
    expect(watch.spared.all().map(({ active }) => active)).toEqual([false, false, true]);
    expect([watch.spared.get(HASH.id)?.active, watch.spared.get(SAT.id)?.active]).toEqual([false, true]);
    expect(watch.spared.get('00')).toBeUndefined();
  });

  it('more takes no outputs, and is spent into the next one', async () => {
    const next = aKeyset({ name: 'next' });
    const mint = memoryMint({ paid: 8n, keysets: [next] });
    const proofs = await mintProofs(mint, 'minted', [8n]);
    const counters = turnedOver(mint.keyset, TURNOVER.refused + 1n);
    const { spared, refresh } = watchTurnover({ keysets: mint.ports.keysets, counters });
    await refresh();
    const sparing = { ...mint, ports: { ...mint.ports, keysets: spared } };
    expect(await swapAs(sparing, 'same', swapRequest('same', proofs, [8n], mint.keyset))).toMatchObject({
      error: { code: 'keyset-inactive' },
    });
    const other = {
      ...mint,
      ports: { ...mint.ports, keysets: memoryKeysets([{ ...mint.keyset, active: false }, next]) },
    };
    const answer = await swapAs(other, 'next', swapRequest('next', proofs, [8n], next));
    expect(answer).toMatchObject({ ok: true });
  });

  it('is not looked at while the mint has heard of no keysets', async () => {
    const keysets = { ...memoryKeysets([HASH]), isFresh: () => false };
    expect(await watchTurnover({ keysets, counters: turnedOver(HASH, 2n ** 63n) }).refresh()).toEqual([]);
  });
});
