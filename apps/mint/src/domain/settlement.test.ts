import { unixMs } from '@assay/shared/kernel/clock';
import { describe, expect, test } from 'vitest';
import { AUDITOR_KEYS, AUDITOR_SECRET, aVerdict, POOL_SECRET, TERMS } from '../../test/signed-facts.ts';
import { noted, pendingQuote } from './quote.ts';
import { decideSettle, type VerdictRefusal } from './settlement.ts';
import type { Verdict } from './verdict-hash.ts';

const NOW = unixMs(1_795_227_414_000);
const pending = pendingQuote(TERMS, { quote: 'q', now: NOW, trace: undefined });
const decide = (verdict: Verdict, quote = pending) => decideSettle(quote, verdict, AUDITOR_KEYS, NOW);

function settledBy(verdict: Verdict) {
  const decision = decide(verdict);
  if (decision.do !== 'settle') throw new Error(`not settled: ${decision.do}`);
  return decision.next;
}

describe('a verdict', () => {
  test('VALID pays what it credits', () => {
    expect(settledBy(aVerdict({ credited: 8n, code: 'OK_PARTIAL' }))).toMatchObject({
      state: 'PAID',
      amountPaid: 8n,
      auditCode: 'OK_PARTIAL',
      verdict: { result: 'VALID', credited: 8n },
    });
  });

  test('INVALID fails the quote', () => {
    const verdict = aVerdict({ result: 'INVALID', credited: 0n, code: 'TEMPLATE_INVALID' });
    expect(settledBy(verdict)).toMatchObject({ state: 'FAILED', amountPaid: 0n, auditCode: 'TEMPLATE_INVALID' });
  });

  test('settles a quote whose batch had been dead-lettered', () => {
    expect(decide(aVerdict(), noted(pending, NOW)).do).toBe('settle');
  });

  test('that settled the quote does nothing when it comes again', () => {
    const verdict = aVerdict();
    expect(decide(verdict, settledBy(verdict))).toEqual({ do: 'nothing' });
  });

  test('other than the one that settled the quote is a conflict, in PAID as in FAILED', () => {
    const valid = aVerdict();
    const invalid = aVerdict({ result: 'INVALID', credited: 0n, code: 'CARRY_MISMATCH' });
    expect(decide(invalid, settledBy(valid))).toEqual({ do: 'refuse', reason: 'conflict' });
    expect(decide(valid, settledBy(invalid))).toEqual({ do: 'refuse', reason: 'conflict' });
    expect(decide(aVerdict({ credited: 27n }), settledBy(valid))).toEqual({ do: 'refuse', reason: 'conflict' });
  });

  const good = aVerdict();
  const refused: [string, Verdict, VerdictRefusal][] = [
    ['of another batch hash', aVerdict({ batchHash: '11'.repeat(32) }), 'batch-hash'],
    ['whose amount was changed after signing', { ...good, credited: 27n }, 'verdict-hash'],
    ['whose code was changed after signing', { ...good, code: 'OK_PARTIAL' }, 'verdict-hash'],
    [
      'whose exclusions were changed after signing',
      { ...good, excluded: [{ index: 0, code: 'SHARE_STALE' }] },
      'verdict-hash',
    ],
    ['by a key that is no auditor', aVerdict({}, POOL_SECRET), 'auditor-key'],
    ['signed by another key than it names', { ...good, signature: aVerdict({}, POOL_SECRET).signature }, 'signature'],
    ['that credits more than the batch asked for', aVerdict({ credited: 29n }), 'credited-range'],
    ['VALID that credits nothing', aVerdict({ credited: 0n }), 'credited-range'],
    ['INVALID that credits something', aVerdict({ result: 'INVALID', credited: 1n }), 'credited-range'],
    [
      'whose exclusions are in no order',
      aVerdict({
        excluded: [
          { index: 2, code: 'SHARE_STALE' },
          { index: 1, code: 'SHARE_STALE' },
        ],
      }),
      'malformed',
    ],
    [
      'that excludes a share twice',
      aVerdict({
        excluded: [
          { index: 1, code: 'SHARE_STALE' },
          { index: 1, code: 'SHARE_DUPLICATE' },
        ],
      }),
      'malformed',
    ],
  ];
  test.each(refused)('%s is refused', (_, verdict, reason) => {
    expect(decide(verdict)).toEqual({ do: 'refuse', reason });
  });

  test('with exclusions in order is accepted', () => {
    const excluded = [
      { index: 1, code: 'SHARE_STALE' },
      { index: 200, code: 'SHARE_DUPLICATE' },
    ];
    expect(decide(aVerdict({ credited: 20n, excluded }, AUDITOR_SECRET)).do).toBe('settle');
  });
});
