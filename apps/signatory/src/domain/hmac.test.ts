import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hmacSha256 } from './hmac.ts';

describe('HMAC-SHA256', () => {
  test('is that of RFC 4231, test cases 1, 2 and 6', () => {
    const cases = [
      ['0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
      [
        toHex(utf8('Jefe')),
        'what do ya want for nothing?',
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      ],
      [
        'aa'.repeat(131),
        'Test Using Larger Than Block-Size Key - Hash Key First',
        '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
      ],
    ] as const;
    for (const [key, message, mac] of cases) expect(toHex(hmacSha256(fromHex(key), utf8(message)))).toBe(mac);
  });

  test('is that of node for any key and message', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, bytes, (key, message) => {
        const expected = createHmac('sha256', key).update(message).digest('hex');
        return toHex(hmacSha256(key, message)) === expected;
      }),
    );
  });
});
