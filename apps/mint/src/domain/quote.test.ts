import { readFileSync } from 'node:fs';
import { unixMs } from '@assay/shared/kernel/clock';
import { describeMachine } from '@assay/shared/kernel/machine';
import { amount } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { issued, mintable, noted, pendingQuote, type Quote, QUOTE, type QuoteEvent, settled } from './quote.ts';
import { aVerdict, TERMS } from '../../test/signed-facts.ts';

const EVENTS: readonly QuoteEvent[] = [
  'verdict-valid',
  'verdict-invalid',
  'batch-dead-lettered',
  'payment',
  'issue-part',
  'issue-all',
];
const NOW = unixMs(1_795_227_413_250);
const pending = pendingQuote(TERMS, { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', now: NOW, trace: undefined });
const paid = settled(pending, aVerdict({ credited: 8n }), NOW);

describe('a quote', () => {
  test('moves only as its golden table says', () => {
    const golden = readFileSync(new URL('quote.golden.txt', import.meta.url), 'utf8');
    expect(`${describeMachine(QUOTE, EVENTS).join('\n')}\n`).toBe(golden);
  });

  test('begins pending, with nothing paid and nothing to mint', () => {
    expect(pending).toMatchObject({
      naturalKey: 'ehash:pool-1/b-0001',
      state: 'PENDING',
      version: 1,
      reference: 'pool-1/b-0001',
    });
    expect([pending.amountRequested, pending.amountPaid, mintable(pending)]).toEqual([28n, 0n, 0n]);
  });

  test('of 28 of which 8 were credited can be minted up to 8, then is issued', () => {
    expect([paid.state, paid.amountPaid, paid.auditCode]).toEqual(['PAID', 8n, 'OK']);
    const all = issued(paid, amount(8n), NOW);
    expect([all.state, all.amountIssued, all.issueCount]).toEqual(['ISSUED', 8n, 1]);
    expect(() => issued(paid, amount(9n), NOW)).toThrow('9 issued of 8 mintable');
    expect(() => issued(all, amount(1n), NOW)).toThrow();
  });

  test('minted in two steps counts 3, then 8', () => {
    const first = issued(paid, amount(3n), NOW);
    const second = issued(first, amount(5n), NOW);
    expect([first.state, first.amountIssued, first.issueCount]).toEqual(['PAID', 3n, 1]);
    expect([second.state, second.amountIssued, second.issueCount]).toEqual(['ISSUED', 8n, 2]);
  });

  test('of an invalid batch fails for ever', () => {
    const failed = settled(pending, aVerdict({ result: 'INVALID', code: 'SHARE_STALE', credited: 0n }), NOW);
    expect([failed.state, failed.amountPaid, failed.auditCode, failed.payments]).toEqual([
      'FAILED',
      0n,
      'SHARE_STALE',
      [],
    ]);
    expect(() => issued(failed, amount(1n), NOW)).toThrow();
    expect(() => settled(failed, aVerdict({ credited: 8n }), NOW)).toThrow();
  });

  test('keeps pending when the auditor gave up for now', () => {
    expect(noted(pending, NOW)).toMatchObject({ state: 'PENDING', auditNote: 'DEAD_LETTERED', amountPaid: 0n });
  });

  test('has an updatedAt in whole seconds that grows with every change, whatever the clock says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 1, maxLength: 20 }),
        (times) => {
          let quote: Quote = pending;
          for (const time of times) {
            const next = noted(quote, unixMs(time));
            expect(next.updatedAt % 1_000).toBe(0);
            expect(next.updatedAt).toBeGreaterThan(quote.updatedAt);
            expect(next.version).toBe(quote.version + 1);
            quote = next;
          }
        },
      ),
    );
  });

  test('never issues more than was paid, in any steps', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 28n }), fc.array(fc.bigInt({ min: 1n, max: 9n })), (credited, steps) => {
        let quote = settled(pending, aVerdict({ credited }), NOW);
        for (const step of steps) {
          if (quote.state === 'PAID' && step <= mintable(quote)) quote = issued(quote, amount(step), NOW);
          expect(quote.amountIssued <= quote.amountPaid).toBe(true);
          expect(quote.state).toBe(quote.amountIssued === credited ? 'ISSUED' : 'PAID');
        }
      }),
    );
  });
});
