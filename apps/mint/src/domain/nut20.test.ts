import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { amount } from '@assay/shared/kernel/money';
import { schnorrSign } from '@assay/shared/kernel/schnorr';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NUT20_MESSAGES, nut20Version } from './nut20.ts';
import type { PointHex } from './operation.ts';
import type { BlindedOutput } from './request.ts';

interface Vector {
  readonly secretKey: string;
  readonly pubkey: string;
  readonly quote: string;
  readonly outputs: readonly { readonly amount: number; readonly B_: string }[];
  readonly v1: string;
  readonly legacy: string;
}

const path = new URL('../../../../vectors/nut/acceptance-a5-a6.json', import.meta.url);
const { A5: vector } = JSON.parse(readFileSync(path, 'utf8')) as { A5: Vector };
const outputs: readonly BlindedOutput[] = vector.outputs.map((output) => ({
  amount: amount(BigInt(output.amount)),
  keyset: '',
  b: output.B_ as PointHex,
}));
const signed = (version: 'v1' | 'legacy', over = outputs) =>
  toHex(schnorrSign(NUT20_MESSAGES[version](vector.quote, over), fromHex(vector.secretKey)));

describe('the two messages of NUT-20', () => {
  it('hash as the acceptance example says', () => {
    expect(toHex(NUT20_MESSAGES.v1(vector.quote, outputs))).toBe(vector.v1);
    expect(toHex(NUT20_MESSAGES.legacy(vector.quote, outputs))).toBe(vector.legacy);
  });

  it.each(['v1', 'legacy'] as const)('%s is accepted from the key of the quote, in hex of either case', (version) => {
    const signature = signed(version);
    expect(nut20Version({ outputs, signature }, vector)).toBe(version);
    expect(nut20Version({ outputs, signature: signature.toUpperCase() }, vector)).toBe(version);
  });

  it('outputs in another order are another message', () => {
    const reversed = [...outputs].reverse();
    expect(toHex(NUT20_MESSAGES.v1(vector.quote, reversed))).not.toBe(vector.v1);
    expect(nut20Version({ outputs: reversed, signature: signed('v1') }, vector)).toBeUndefined();
    expect(nut20Version({ outputs: reversed, signature: signed('legacy') }, vector)).toBeUndefined();
  });

  it('only v1 covers the amounts', () => {
    const dearer = outputs.map((output) => ({ ...output, amount: amount(2n * output.amount) }));
    expect(nut20Version({ outputs: dearer, signature: signed('v1') }, vector)).toBeUndefined();
    expect(nut20Version({ outputs: dearer, signature: signed('legacy') }, vector)).toBe('legacy');
  });

  it('zero is an empty amount, and 256 has two bytes', () => {
    const [first] = outputs;
    const zero = [{ amount: amount(0n), keyset: '', b: first?.b ?? ('' as PointHex) }];
    expect(toHex(NUT20_MESSAGES.v1('', zero))).toHaveLength(64);
    expect(vector.outputs[1]?.amount).toBe(256);
  });

  it.each(['', 'ff', 'no hex', '00'.repeat(64), 'ff'.repeat(64)])('%j is no signature', (signature) => {
    expect(nut20Version({ outputs, signature }, vector)).toBeUndefined();
  });

  it('another quote, another key and a key that is no point refuse', () => {
    const signature = signed('v1');
    expect(nut20Version({ outputs, signature }, { ...vector, quote: `${vector.quote}0` })).toBeUndefined();
    expect(nut20Version({ outputs, signature }, { ...vector, pubkey: `02${'11'.repeat(32)}` })).toBeUndefined();
    expect(nut20Version({ outputs, signature }, { ...vector, pubkey: '02ff' })).toBeUndefined();
  });
});
