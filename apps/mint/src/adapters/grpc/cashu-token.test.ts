import { getEncodedToken } from '@cashu/cashu-ts';
import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aKeyset } from '../../../test/memory-keys.ts';
import { ecash, tokenA, tokenB } from '../../../test/redeemed-proofs.ts';
import { parseToken } from './cashu-token.ts';

const KEYSET = aKeyset({ name: 'active' });
const proofs = await ecash(KEYSET, 'token', [1n, 8n]);
const parsed = (token: string, ids: readonly string[] = [KEYSET.id]) => parseToken(token, ids);

describe('a token', () => {
  test.each([
    ['cashuA', tokenA(proofs)],
    ['cashuB with a short keyset id', tokenB(proofs)],
    ['cashuA behind a scheme', `cashu:${tokenA(proofs)}`],
  ])('%s has the proofs that were put in', (_, token) => {
    expect(parsed(token)).toEqual({ ok: true, value: proofs });
  });

  test('of the stock wallet is read', () => {
    const written = proofs.map(({ amount, keyset, secret, c }) => ({
      amount: Number(amount),
      id: keyset,
      secret,
      C: c,
    }));
    const token = getEncodedToken({ mint: 'https://mint.example', unit: 'hash', proofs: written as never });
    expect(parsed(token)).toEqual({ ok: true, value: proofs });
  });

  test('with a short id that fits no keyset or several keeps it', () => {
    const short = KEYSET.id.slice(0, 16);
    for (const ids of [[], [KEYSET.id, `${short}${'00'.repeat(25)}`]]) {
      const found = parsed(tokenB(proofs), ids);
      expect(found.ok && found.value.map(({ keyset }) => keyset)).toEqual([short, short]);
    }
  });

  const b = (content: unknown) => `cashuB${Buffer.from(encode(content)).toString('base64url')}`;
  const one = { a: 1, s: 's', c: Buffer.alloc(33, 2) };
  const i = Buffer.alloc(8, 1);
  test.each([
    ['nothing', ''],
    ['another version', `cashuC${tokenA(proofs).slice(6)}`],
    ['no base64', 'cashuA%%%'],
    ['no JSON', 'cashuAe30x'],
    ['a CBOR array', b([])],
    ['an amount below zero', b({ t: [{ i, p: [{ ...one, a: -1 }] }] })],
    ['a fraction', b({ t: [{ i, p: [{ ...one, a: 1.5 }] }] })],
    ['an amount beyond 2^53', b({ t: [{ i, p: [{ ...one, a: 2n ** 60n }] }] })],
    ['a short point', b({ t: [{ i, p: [{ ...one, c: Buffer.alloc(32) }] }] })],
    ['an odd keyset id', b({ t: [{ i: Buffer.alloc(9), p: [one] }] })],
    ['more than 1 MiB', `cashuA${'A'.repeat(1_048_576)}`],
    ['trailing bytes', `${b({ t: [] })}AAAA`],
  ])('of %s is none', (_, token) => {
    expect(parsed(token)).toEqual({ ok: false, error: 'bad-token' });
  });

  test('of any bytes is read or refused, never a fault', () => {
    const text = fc.tuple(fc.constantFrom('cashuA', 'cashuB'), fc.uint8Array({ maxLength: 200 }));
    fc.assert(
      fc.property(text, ([prefix, bytes]) => {
        parsed(`${prefix}${Buffer.from(bytes).toString('base64url')}`);
      }),
    );
  });
});
