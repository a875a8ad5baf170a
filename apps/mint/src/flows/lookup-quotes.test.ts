import type { LockingKey } from '@assay/shared/kernel/ids';
import { describe, expect, it } from 'vitest';
import { memoryMint } from '../../test/memory-mint.ts';
import { signLookup, WALLET_KEY } from '../../test/wallet-secrets.ts';
import { lookupQuotes } from './lookup-quotes.ts';

const { ports } = memoryMint({ paid: 8n });
const proof = {
  pubkeys: [WALLET_KEY as LockingKey],
  signatures: [signLookup(ports.lookup.mintPubkey, undefined)],
  timestampS: undefined,
};
const asked = { ...proof, method: 'ehash', onlyMintable: false, after: undefined, limit: 200 };

describe('a lookup by public key', () => {
  it('finds the quotes of the key, of the method of the path', async () => {
    expect(await lookupQuotes(ports, asked)).toMatchObject({ ok: true, value: { quotes: [{ method: 'ehash' }] } });
    expect(await lookupQuotes(ports, { ...asked, method: 'reward' })).toMatchObject({ value: { quotes: [] } });
    expect(await lookupQuotes(ports, { ...asked, method: 'nothing' })).toMatchObject({ value: { quotes: [] } });
  });

  it('is refused whole where one signature is bad, or where it is not offered', async () => {
    const bad = { ...asked, pubkeys: [...proof.pubkeys, ...proof.pubkeys] };
    expect(await lookupQuotes(ports, bad)).toMatchObject({ ok: false, error: { code: 'quote-signature' } });
    const off = { ...ports, lookup: { ...ports.lookup, isEnabled: false } };
    expect(await lookupQuotes(off, asked)).toMatchObject({ ok: false, error: { code: 'quote-unknown' } });
  });
});
