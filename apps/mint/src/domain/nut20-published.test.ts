import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NUT20_MESSAGES, nut20Version } from './nut20.ts';
import type { PointHex } from './operation.ts';
import type { BlindedOutput } from './request.ts';

interface Published {
  readonly pubkey: string;
  readonly quote: string;
  readonly outputs: readonly { readonly amount: number; readonly B_: string }[];
  readonly signature: string;
}

interface Vectors {
  readonly v1: Published & { readonly messageHash: string };
  /** `message` is the text whose hash is signed; the NUT prints it as byte values. */
  readonly legacy: Published & { readonly message: string; readonly invalidSignature: string };
}

const path = new URL('../../../../vectors/nut/nut-20.json', import.meta.url);
const { v1, legacy } = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

function outputsOf({ outputs }: Published): readonly BlindedOutput[] {
  return outputs.map((output) => ({
    amount: amount(BigInt(output.amount)),
    keyset: '',
    b: output.B_ as PointHex,
  }));
}

const versionOf = (request: Published, signature = request.signature) =>
  nut20Version({ outputs: outputsOf(request), signature }, request);

describe('the published vectors of NUT-20', () => {
  it('v1: the message has the published hash, and its signature is one of v1', () => {
    expect(toHex(NUT20_MESSAGES.v1(v1.quote, outputsOf(v1)))).toBe(v1.messageHash);
    expect(versionOf(v1)).toBe('v1');
  });

  it('legacy: the message is the published text, and its signature is a legacy one', () => {
    const hash = toHex(NUT20_MESSAGES.legacy(legacy.quote, outputsOf(legacy)));
    expect(hash).toBe(toHex(sha256(utf8(legacy.message))));
    expect(versionOf(legacy)).toBe('legacy');
  });

  it('the published invalid signature, and that of the other request, sign nothing', () => {
    expect(versionOf(legacy, legacy.invalidSignature)).toBeUndefined();
    expect(versionOf(legacy, v1.signature)).toBeUndefined();
    expect(versionOf(v1, legacy.signature)).toBeUndefined();
  });
});
