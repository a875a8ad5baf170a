import { toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { expect, test } from 'vitest';
import { verdictHash } from './verdict-hash.ts';

// 02-auditor section 16, A1.
test('the hash of the verdict on the difficulty-1 share is the one of the specification', () => {
  const hash = verdictHash({
    batchHash: '1d5bd9bd9f9030bd809bb867bc6080bb946d9a3fafebed0a0b582a1443ca8604',
    result: 'VALID',
    code: 'OK',
    credited: 1n,
    decidedAt: unixMs(1_795_227_413_000),
    excluded: [],
  });
  expect(toHex(hash)).toBe('c37bbc0c22caa129393fe8d70cb7644354f21d62c615667547979e67b0b5a19b');
});

test('every field of a verdict is bound by its hash', () => {
  const leaf = {
    batchHash: '1d'.repeat(32),
    result: 'VALID' as const,
    code: 'OK',
    credited: 1n,
    decidedAt: unixMs(1_795_227_413_000),
    excluded: [],
  };
  const leaves = [
    leaf,
    { ...leaf, batchHash: '1e'.repeat(32) },
    { ...leaf, result: 'INVALID' as const },
    { ...leaf, code: 'OK_PARTIAL' },
    { ...leaf, credited: 2n },
    { ...leaf, decidedAt: unixMs(1_795_227_413_001) },
    { ...leaf, excluded: [{ index: 0, code: 'SHARE_STALE' }] },
    { ...leaf, excluded: [{ index: 1, code: 'SHARE_STALE' }] },
    { ...leaf, excluded: [{ index: 0, code: 'SHARE_DUPLICATE' }] },
  ];
  expect(new Set(leaves.map((each) => toHex(verdictHash(each)))).size).toBe(leaves.length);
});

test('each further exclusion moves the hash', () => {
  const leaf = { batchHash: '1d'.repeat(32), result: 'VALID' as const, code: 'OK_PARTIAL', credited: 1n };
  const excluded = Array.from({ length: 9 }, (_, index) => ({ index, code: 'SHARE_STALE' }));
  const hashes = excluded.map((_, count) =>
    toHex(verdictHash({ ...leaf, decidedAt: unixMs(1), excluded: excluded.slice(0, count) })),
  );
  expect(new Set(hashes).size).toBe(9);
});
