import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import type { ExtranonceOwners } from '../ports.ts';
import { rememberOwners } from './remember.ts';

const CLAIMED = 100_001;
const TEMPLATE = 'template';
const prefixOf = (index: number) => index.toString(16).padStart(8, '0');

/** Owners as the database keeps them; counts what is read. */
function storedOwners() {
  const stored = new Map<string, string>();
  const reads: string[] = [];
  const owners: ExtranonceOwners = {
    ownersOf: (templateId, prefixes) => {
      reads.push(...prefixes);
      const found = prefixes.flatMap((prefix) => {
        const key = stored.get(templateId + prefix);
        return key === undefined ? [] : [[prefix, key] as const];
      });
      return Promise.resolve(new Map(found));
    },
    claim: (templateId, prefixes, key) => {
      for (const prefix of prefixes) stored.set(templateId + prefix, stored.get(templateId + prefix) ?? key);
      return owners.ownersOf(templateId, prefixes);
    },
  };
  return { owners, reads };
}

describe('claims of extranonces', () => {
  it('are known to their end, however many a template has', async () => {
    const remembered = rememberOwners(storedOwners().owners);
    const prefixes = Array.from({ length: CLAIMED }, (_, index) => prefixOf(index));
    for (const claim of [prefixes.slice(0, -1), prefixes.slice(-1)])
      await remembered.claim(TEMPLATE, claim, 'first', unixMs(0));
    const last = [prefixOf(CLAIMED - 1), prefixOf(0)];
    expect([...(await remembered.ownersOf(TEMPLATE, last)).values()]).toEqual(['first', 'first']);
    expect(await remembered.claim(TEMPLATE, last, 'second', unixMs(0))).toEqual(new Map(last.map((p) => [p, 'first'])));
  });

  it('are read once; what nobody claimed is read again', async () => {
    const { owners, reads } = storedOwners();
    const remembered = rememberOwners(owners);
    await remembered.claim(TEMPLATE, ['aa'], 'first', unixMs(0));
    reads.length = 0;
    for (let read = 0; read < 2; read += 1)
      expect(await remembered.ownersOf(TEMPLATE, ['aa', 'bb'])).toEqual(new Map([['aa', 'first']]));
    expect(reads).toEqual(['bb', 'bb']);
  });
});
