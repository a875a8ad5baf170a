import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseToken } from './cashu-token.ts';

interface Token {
  readonly title: string;
  readonly token: string;
}
interface Vectors {
  readonly valid: readonly (Token & {
    readonly proofs: readonly {
      readonly amount: number;
      readonly id: string;
      readonly secret: string;
      readonly C: string;
    }[];
  })[];
  readonly invalid: readonly Token[];
}

const path = new URL('../../../../../vectors/nut/nut-00-tokens.json', import.meta.url);
const { valid, invalid } = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

describe('the published tokens of NUT-00', () => {
  test.each(valid)('$title is read', ({ token, proofs }) => {
    const value = proofs.map(({ amount, id, secret, C }) => ({ amount: BigInt(amount), keyset: id, secret, c: C }));
    expect(parseToken(token, [])).toMatchObject({ ok: true, value });
  });

  test.each(invalid)('$title is no token', ({ token }) => {
    expect(parseToken(token, [])).toEqual({ ok: false, error: 'bad-token' });
  });
});
