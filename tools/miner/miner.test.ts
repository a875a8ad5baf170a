import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { doubleSha256 } from '@assay/shared/kernel/hash';
import { createGrinder } from './double-sha256.ts';
import { headerOf, shareHash, targetOf } from './header.ts';

describe('the miner', () => {
  test('finds the share of a published header at its nonce, and none before', () => {
    const header = Buffer.from(
      '000000206f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a010000000000000000005af5ea634a93521ea5824a57d58a96b9eaa7dbbea21ca1b74849575e73721d4ad0ff006b19420317aef41600',
      'hex',
    );
    const grinder = createGrinder(header, targetOf(2 ** -8));
    expect(grinder.grind(0x16f4ae - 5_000, 5_000)).toBeUndefined();
    expect(grinder.grind(0x16f4ae - 5_000, 5_001)).toBe(0x16f4ae);
    expect(Buffer.from(shareHash(header, 0x16f4ae), 'hex').reverse().toString('hex')).toBe(
      '000000be9296817d50641cd8abf46935834541958ac358392b1a23b2fccb0204',
    );
  });

  test('agrees with the system hash on which headers meet a target', () => {
    const headers = fc.uint8Array({ minLength: 80, maxLength: 80 });
    fc.assert(
      fc.property(
        headers,
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(2 ** 32 - 1),
        (bytes, target, nonce) => {
          const header = Buffer.from(bytes);
          header.writeUInt32LE(nonce, 76);
          const hash = Buffer.from(doubleSha256(header)).reverse();
          const meets = Buffer.compare(hash, Buffer.from(target)) <= 0;
          expect(createGrinder(header, target).grind(nonce, 1)).toBe(meets ? nonce : undefined);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('builds the header of the published job', () => {
    const job = {
      id: '00000118',
      prevHash: '3c4d5e6ff8091a2bb4c5d6e7708192a33c4d5e6f00011a2b0000000000000000',
      coinbasePrefix: '02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff190341d10c0c',
      coinbaseSuffix:
        '072f61737361792fffffffff03d6df701200000000160014482a532f430ddf94cbb1512d0fa53056bc75524f83af2f000000000022512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817980000000000000000266a24aa21a9ed9505cacb7c710ed17125fcc6cb3669e8ddca6c8cd8af6a31f6b3cd64604c309800000000',
      branch: [
        'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
        'de8d9785783c6686fe29c5a453ed3c33e93e69f0d6a39edee42ba24418d10735',
      ],
      version: '20000000',
      bits: '17034219',
      ntime: '6b00ffd0',
      clean: true,
    };
    const header = Buffer.from(headerOf(job, '00400001', '0000000000000001'));
    expect(header.toString('hex')).toBe(
      '000000206f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a010000000000000000005af5ea634a93521ea5824a57d58a96b9eaa7dbbea21ca1b74849575e73721d4ad0ff006b1942031700000000',
    );
  });
});
