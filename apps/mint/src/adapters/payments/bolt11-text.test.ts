import { bech32 } from '@scure/base';
import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import fc from 'fast-check';
import secp256k1 from 'secp256k1';
import { describe, expect, test } from 'vitest';
import { readBolt11, writeBolt11 } from './bolt11-text.ts';

/** Of the examples of BOLT-11. */
const NODE_SECRET = fromHex('e126f68f7eafcc8b74f54d269fe206be715000f94dac067d1c04a8ca3b2db734');
const PAYMENT_HASH = fromHex('0001020304050607080900010203040506070809000102030405060708090102');
const COFFEE = {
  amountSat: 250_000n,
  createdAtS: 1_496_314_658n,
  expiryS: 60n,
  paymentHash: PAYMENT_HASH,
  paymentSecret: fromHex('11'.repeat(32)),
  description: '1 cup coffee',
};
const COFFEE_TEXT =
  'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh';
const DONATION_TEXT =
  'lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql';

describe('a payment request', () => {
  test('is written as BOLT-11 has its example of a coffee, to the letter', () => {
    expect(writeBolt11(COFFEE, NODE_SECRET)).toBe(COFFEE_TEXT);
  });

  test('of the examples is read, in either case', () => {
    const coffee = { ok: true, value: { amountMsat: 250_000_000n, paymentHash: PAYMENT_HASH } };
    expect(readBolt11(COFFEE_TEXT)).toEqual(coffee);
    expect(readBolt11(COFFEE_TEXT.toUpperCase())).toEqual(coffee);
    expect(readBolt11(DONATION_TEXT)).toEqual({
      ok: true,
      value: { amountMsat: undefined, paymentHash: PAYMENT_HASH },
    });
  });

  test.each([
    [1_337n, 'lnbc13370n1'],
    [100n, 'lnbc1u1'],
    [1n, 'lnbc10n1'],
    [100_000n, 'lnbc1m1'],
    [100_000_000n, 'lnbc11'],
  ])('of %s sat begins with %s', (amountSat, beginning) => {
    expect(writeBolt11({ ...COFFEE, amountSat }, NODE_SECRET)).toMatch(new RegExp(`^${beginning}`));
  });

  test('of any amount and description is read as it was written, and signed by the node', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }),
        fc.string({ maxLength: 159 }),
        (amountSat, description) => {
          const text = writeBolt11({ ...COFFEE, amountSat, description }, NODE_SECRET);
          expect(readBolt11(text)).toEqual({
            ok: true,
            value: { amountMsat: amountSat * 1_000n, paymentHash: PAYMENT_HASH },
          });
          expect(toHex(signerOf(text))).toBe(toHex(publicKeyOf(NODE_SECRET)));
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    ['nothing', ''],
    ['a changed letter', COFFEE_TEXT.replace('pvjl', 'pvjq')],
    ['a Bitcoin address', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['mixed case', COFFEE_TEXT.replace('lnbc', 'LNBC')],
    ['a text beyond all bounds', `${COFFEE_TEXT}${'q'.repeat(5_000)}`],
    [
      'a fraction of a msat',
      bech32.encode('lnbc1p', bech32.decode(COFFEE_TEXT as `${string}1${string}`, false).words, false),
    ],
  ])('%s is none', (_, text) => {
    expect(readBolt11(text)).toEqual({ ok: false, error: 'not-bolt11' });
  });
});

/** As any wallet finds the node: recovered from the signature over the prefix and everything before it. */
function signerOf(text: string): Uint8Array {
  const { prefix, words } = bech32.decode(text as `${string}1${string}`, false);
  const [data, signature] = [words.slice(0, -104), bech32.fromWords(words.slice(-104))];
  const bits = data.map((word) => word.toString(2).padStart(5, '0')).join('');
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? [];
  const signed = sha256(
    utf8(prefix),
    Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2)),
  );
  return secp256k1.ecdsaRecover(signature.subarray(0, 64), signature[64] ?? 0, signed, true);
}
