import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isConditional } from './secret.ts';

describe('a secret', () => {
  it.each([
    '["P2PK",{"nonce":"859d","data":"0249098aa8b9d2fbec49ff8598feb17b592b986e62319a4fa488a3dc36387157a7","tags":[]}]',
    '["HTLC",{"nonce":"0","data":"00","tags":[]}]',
    ' \n["P2PK"]',
    '["P2PK",',
  ])('%s', (secret) => {
    expect(isConditional(secret)).toBe(!secret.endsWith(','));
  });

  it.each([
    '',
    'plain',
    '407915bc212be61a77e3e6d2aeb4c727980bda51cd06a6afc29e2861768a7837',
    '["p2pk",{}]',
    '["OTHER",{}]',
    '{"P2PK":1}',
    '"P2PK"',
    '[',
    '[]',
  ])('%s is plain', (secret) => {
    expect(isConditional(secret)).toBe(false);
  });

  it('of any text is judged without a fault', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof isConditional(`[${text}`) === 'boolean'));
  });
});
