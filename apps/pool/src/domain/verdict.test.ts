import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { schnorrSign, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import {
  type BatchVerdictGiven,
  batchVerdictHash,
  type TemplateVerdictGiven,
  templateVerdictHash,
  verifyVerdict,
} from './verdict.ts';

const SECRET = fromHex('02'.padStart(64, '0'));
const KEY = xOnlyPublicKeyOf(SECRET);
const UNSIGNED = { auditorKey: KEY, verdictHash: new Uint8Array(32), signature: new Uint8Array(64) };

// 02-auditor section 16, A1.
const GIVEN: BatchVerdictGiven = {
  ...UNSIGNED,
  valid: true,
  code: 'OK',
  decidedAt: unixMs(1_795_227_413_000),
  batchId: 'b-0001',
  batchHash: fromHex('1d5bd9bd9f9030bd809bb867bc6080bb946d9a3fafebed0a0b582a1443ca8604'),
  credited: 1n,
  excluded: [],
};
const JUDGED: TemplateVerdictGiven = {
  ...UNSIGNED,
  valid: true,
  code: 'OK',
  decidedAt: unixMs(1_795_227_412_000),
  templateId: '1031dfd3c513861a2c3907c4b98653db53033985bc592af6e34d0f535184bb97',
  declaredBy: new Uint8Array(0),
};

function signed(verdict: BatchVerdictGiven): BatchVerdictGiven {
  const verdictHash = batchVerdictHash(verdict);
  return { ...verdict, verdictHash, signature: schnorrSign(verdictHash, SECRET) };
}

describe('a verdict', () => {
  it('has the verdict hashes of the auditor’s example A1', () => {
    expect(toHex(batchVerdictHash(GIVEN))).toBe('c37bbc0c22caa129393fe8d70cb7644354f21d62c615667547979e67b0b5a19b');
    expect(toHex(templateVerdictHash(JUDGED))).toBe('3b849a1da3d6a38177ada4a2a2cef49f39b735163d8a97c3bb593f5043f6aff1');
  });

  it('is taken from an auditor of the configuration only, and only as it was signed', () => {
    const verdict = signed(GIVEN);
    expect(verifyVerdict(verdict, batchVerdictHash(verdict), [KEY])).toEqual({ ok: true, value: undefined });
    expect(verifyVerdict(verdict, batchVerdictHash(verdict), [])).toEqual({ ok: false, error: 'auditor-unknown' });
    const more = { ...verdict, credited: 2n };
    expect(verifyVerdict(more, batchVerdictHash(more), [KEY])).toEqual({ ok: false, error: 'verdict-hash-differs' });
    const unsigned = { ...verdict, signature: new Uint8Array(64) };
    expect(verifyVerdict(unsigned, batchVerdictHash(unsigned), [KEY])).toEqual({ ok: false, error: 'bad-signature' });
  });

  it('covers result, credit, time, code and what was excluded', () => {
    const variants: readonly BatchVerdictGiven[] = [
      GIVEN,
      { ...GIVEN, valid: false },
      { ...GIVEN, credited: 0n },
      { ...GIVEN, code: 'OK_PARTIAL' },
      { ...GIVEN, decidedAt: unixMs(1_795_227_413_001) },
      { ...GIVEN, excluded: [{ index: 0, code: 'SHARE_STALE' }] },
      { ...GIVEN, excluded: [{ index: 1, code: 'SHARE_STALE' }] },
    ];
    expect(new Set(variants.map((variant) => toHex(batchVerdictHash(variant)))).size).toBe(variants.length);
  });
});
