import { utf8 } from '@assay/shared/kernel/bytes';
import { describe, expect, test } from 'vitest';
import { WALLET_KEY } from '../../../test/wallet-secrets.ts';
import { readBody } from './body-reader.ts';
import { LOOKUP_REQUEST } from './request-bodies.ts';

const read = (keys: number, more: object = {}) => {
  const body = {
    pubkeys: Array.from({ length: keys }, () => WALLET_KEY),
    pubkey_signatures: Array.from({ length: keys }, () => 'ff'.repeat(64)),
    ...more,
  };
  return readBody(utf8(JSON.stringify(body)), LOOKUP_REQUEST);
};

describe('the body of a lookup by public key', () => {
  test('has 1 to 20 keys, each with its signature', () => {
    expect([1, 20].map((keys) => read(keys).ok)).toEqual([true, true]);
    const refused = [read(0), read(21), read(2, { pubkey_signatures: ['ff'.repeat(64)] })];
    for (const each of refused) expect(each).toMatchObject({ ok: false, error: { code: 'bad-request' } });
  });

  test('asks for 200 quotes a page at most, and for all of them unless it says otherwise', () => {
    expect(read(1)).toMatchObject({
      value: { limit: 200, onlyMintable: false, after: undefined, timestampS: undefined },
    });
    const asked = read(1, { limit: 1_000, only_mintable: true, timestamp: 1_795_227_413 });
    expect(asked).toMatchObject({ value: { limit: 200, onlyMintable: true, timestampS: 1_795_227_413n } });
    expect(read(1, { limit: 7 })).toMatchObject({ value: { limit: 7 } });
    expect(read(1, { limit: 0 }).ok || read(1, { cursor: 'none of ours' }).ok).toBe(false);
  });
});
