import { describe, expect, it } from 'vitest';
import { memoryMint, paidQuote } from '../../test/memory-mint.ts';
import { mintRequest } from '../../test/requests.ts';
import { issueTokens } from './issue-tokens.ts';

const KEY = 'ehash:pool-1/b-0001';

describe('minting from an audited quote', () => {
  it('gives what was credited, once: eight of twenty-eight', async () => {
    const { ports, keyset, quotes, store } = memoryMint({ paid: 8n });
    const tooMuch = await issueTokens(ports, mintRequest('nine', [1n, 8n], keyset));
    expect(tooMuch).toMatchObject({ ok: false, error: { code: 'unbalanced' } });
    expect(await issueTokens(ports, mintRequest('eight', [8n], keyset))).toMatchObject({ ok: true });
    const again = await issueTokens(ports, mintRequest('again', [8n], keyset));
    expect(again).toMatchObject({ ok: false, error: { code: 'quote-issued' } });
    expect(quotes.get(KEY)).toMatchObject({ state: 'ISSUED', amountIssued: 8n, issueCount: 1 });
    expect(store.byId.size).toBe(1);
  });

  it('in two parts takes the steps #0 and #1', async () => {
    const { ports, keyset, quotes, store } = memoryMint({ paid: 8n });
    expect(await issueTokens(ports, mintRequest('three', [1n, 2n], keyset))).toMatchObject({ ok: true });
    expect(await quotes.rebuild(KEY)).toMatchObject({ state: 'PAID', amountIssued: 3n });
    expect(await issueTokens(ports, mintRequest('five', [1n, 4n], keyset))).toMatchObject({ ok: true });
    expect(await quotes.rebuild(KEY)).toMatchObject({ state: 'ISSUED', amountIssued: 8n });
    expect([...store.steps.keys()]).toEqual([`${KEY}#0`, `${KEY}#1`]);
  });

  it('two requests for one step: the other is decided on the new counters', async () => {
    const { ports, keyset, quotes } = memoryMint({ paid: 8n });
    const answers = await Promise.all([
      issueTokens(ports, mintRequest('a', [1n, 2n], keyset)),
      issueTokens(ports, mintRequest('b', [1n, 4n], keyset)),
      issueTokens(ports, mintRequest('c', [1n], keyset)),
    ]);
    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.error.code)).sort()).toEqual([
      'ok',
      'ok',
      'quote-issued',
    ]);
    expect(await quotes.rebuild(KEY)).toMatchObject({ state: 'ISSUED', amountIssued: 8n });
  });

  it('a hundred requests at once for a whole quote: one success, the others find it issued', async () => {
    const { ports, keyset, store } = memoryMint({ paid: 8n });
    const requests = Array.from({ length: 100 }, (_, index) => mintRequest(`r-${index}`, [8n], keyset));
    const answers = await Promise.all(requests.map((request) => issueTokens(ports, request)));
    const outcomes = answers.map((answer) => (answer.ok ? 'ok' : answer.error.code));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'quote-issued')).toHaveLength(99);
    expect(store.byId.size).toBe(1);
  });

  it('the same request again has the same signatures, also at once and while paused', async () => {
    const mint = memoryMint({ paid: 8n });
    const request = mintRequest('same', [8n], mint.keyset);
    const first = await Promise.all([issueTokens(mint.ports, request), issueTokens(mint.ports, request)]);
    mint.pause('ALL');
    const later = await issueTokens(mint.ports, request);
    expect(later).toMatchObject({ ok: true });
    expect(first).toEqual([later, later]);
    expect(mint.store.byId.size).toBe(1);
  });

  it('the same outputs under another op id are refused', async () => {
    const { ports, keyset, quotes } = memoryMint({ paid: 8n });
    quotes.put(paidQuote(8n, { batchId: 'b-0002', quote: 'other' }));
    expect(await issueTokens(ports, mintRequest('one', [4n], keyset))).toMatchObject({ ok: true });
    const other = mintRequest('two', [4n], keyset, { seed: 'one' });
    expect(await issueTokens(ports, other)).toMatchObject({ ok: false, error: { code: 'already-signed' } });
    const fromOther = mintRequest('three', [4n], keyset, { seed: 'one', quoteId: 'other' });
    expect(await issueTokens(ports, fromOther)).toMatchObject({ ok: false, error: { code: 'already-signed' } });
  });

  it('a request that was refused is decided anew when it is repeated: refusals are not remembered', async () => {
    const { ports, quotes, keyset } = memoryMint({ paid: 0n });
    quotes.put({ ...paidQuote(0n), state: 'PENDING', auditCode: undefined });
    const request = mintRequest('early', [8n], keyset);
    expect(await issueTokens(ports, request)).toMatchObject({ ok: false, error: { code: 'quote-not-paid' } });
    quotes.put(paidQuote(8n));
    expect(await issueTokens(ports, request)).toMatchObject({ ok: true });
  });

  it('before the audit, for a strange key and while paused nothing is signed', async () => {
    const mint = memoryMint({ paid: 0n });
    const { ports, quotes, keyset } = mint;
    quotes.put({ ...paidQuote(0n), state: 'PENDING', auditCode: undefined });
    expect(await issueTokens(ports, mintRequest('early', [1n], keyset))).toMatchObject({
      error: { code: 'quote-not-paid', detail: 'audit pending' },
    });
    quotes.put(paidQuote(8n));
    const unsigned = { ...mintRequest('unsigned', [1n], keyset), signature: undefined };
    expect(await issueTokens(ports, unsigned)).toMatchObject({ error: { code: 'quote-signature' } });
    mint.pause('ISSUANCE');
    expect(await issueTokens(ports, mintRequest('paused', [1n], keyset))).toMatchObject({
      error: { code: 'minting-disabled' },
    });
    expect(mint.store.byId.size).toBe(0);
  });

  it('a quote that others change five times in a row answers that the request is to be repeated', async () => {
    const { ports, keyset } = memoryMint({ paid: 8n });
    const operations = { ...ports.operations, commit: async () => 'duplicate' as const };
    const answer = await issueTokens({ ...ports, operations }, mintRequest('unlucky', [1n], keyset));
    expect(answer).toMatchObject({ ok: false, error: { code: 'concurrent-change' } });
  });
});
