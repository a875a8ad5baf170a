import { describe, expect, it } from 'vitest';
import { spansOf } from '../../test/kept-spans.ts';
import { memoryMint, paidQuote, QUOTE_ID } from '../../test/memory-mint.ts';
import { meltingMint } from '../../test/melting-mint.ts';
import { mintProofs, mintRequest, opId, swapRequest } from '../../test/requests.ts';
import { quoteHash } from '../domain/quote-id.ts';
import { SAT_UNIT } from '../domain/unit.ts';
import { createMeltQuote } from './create-melt-quote.ts';
import { issueTokens } from './issue-tokens.ts';
import { melt } from './melt.ts';
import { swap } from './swap.ts';

const SHARE = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };

describe('the trace of a share', () => {
  it('goes on when its quote is issued, and is linked both ways with the request of the wallet', async () => {
    const mint = memoryMint({ paid: 8n });
    const trace = { traceparent: `00-${SHARE.traceId}-${SHARE.spanId}-01` };
    mint.quotes.put({ ...paidQuote(8n), trace });
    const request = mintRequest('traced', [8n], mint.keyset);
    const spans = await spansOf(() => issueTokens(mint.ports, request));
    const named = (name: string) => spans.find((span) => span.name === name);
    const [issue, issued] = [named('mint.issue-tokens'), named('quote.issued')];
    expect(issued?.spanContext().traceId).toBe(SHARE.traceId);
    expect(issued?.parentSpanContext).toMatchObject(SHARE);
    expect(issue?.parentSpanContext).toBeUndefined();
    const idsOf = (span = issue) => ({ traceId: span?.spanContext().traceId, spanId: span?.spanContext().spanId });
    expect(issue?.links.map(({ context }) => context)).toMatchObject([idsOf(issued)]);
    expect(issued?.links.map(({ context }) => context)).toMatchObject([idsOf(issue)]);
    for (const child of ['mint.sign', 'mint.commit']) expect(named(child)?.parentSpanContext).toMatchObject(idsOf());
    expect(issue?.attributes).toEqual({
      method: 'ehash',
      unit: 'hash',
      outputs: 1,
      quote: quoteHash(QUOTE_ID),
      outcome: 'committed',
    });
  });

  it('is left alone by a repeated request, which only gets the stored answer', async () => {
    const mint = memoryMint({ paid: 8n });
    mint.quotes.put({ ...paidQuote(8n), trace: { traceparent: `00-${SHARE.traceId}-${SHARE.spanId}-01` } });
    const request = mintRequest('traced', [8n], mint.keyset);
    await issueTokens(mint.ports, request);
    const spans = await spansOf(() => issueTokens(mint.ports, request));
    expect(spans.map(({ name }) => name)).toEqual(['mint.issue-tokens']);
  });

  it('holds no secret, point or quote id', async () => {
    const mint = memoryMint({ paid: 8n });
    const minted = mintRequest('minted', [8n], mint.keyset);
    const spans = await spansOf(async () => {
      const proofs = await mintProofs(mint, 'minted', [8n]);
      const request = swapRequest('swap', proofs, [4n, 4n], mint.keyset);
      await swap(mint.ports, opId('swap'), request);
      await swap(mint.ports, opId('again'), request);
    });
    const text = JSON.stringify(
      spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    );
    expect(text).toContain('already-spent');
    for (const hidden of [QUOTE_ID, 'minted-0', ...minted.outputs.map(({ b }) => b)])
      expect(text).not.toContain(hidden);
  });

  it('names the unit of a request by a keyset of this mint, and of no other', async () => {
    const mint = memoryMint({ paid: 8n });
    const request = swapRequest('swap', await mintProofs(mint, 'minted', [8n]), [8n], mint.keyset);
    const foreign = { ...request, inputs: request.inputs.map((input) => ({ ...input, keyset: QUOTE_ID })) };
    const spans = await spansOf(async () => {
      await swap(mint.ports, opId('swap'), request);
      await swap(mint.ports, opId('foreign'), foreign);
    });
    const swaps = spans.filter(({ name }) => name === 'mint.swap');
    expect(swaps.map(({ attributes }) => attributes['unit'])).toEqual(['hash', 'unknown']);
  });

  it('says nothing of a path that a client made up', async () => {
    const mint = meltingMint();
    const request = {
      request: 'lnbc1',
      unit: SAT_UNIT,
      amount: undefined,
      partMsat: undefined,
      amountlessMsat: undefined,
    };
    const command = {
      opId: opId('m'),
      method: QUOTE_ID,
      quoteId: QUOTE_ID,
      inputs: [],
      outputs: [],
      prefersAsync: false,
    };
    const spans = await spansOf(async () => {
      await createMeltQuote(mint.ports, QUOTE_ID, request);
      await melt(mint.ports, command);
    });
    expect(spans.map(({ attributes }) => attributes['method'])).toEqual(['unknown', 'unknown']);
    expect(spans.map(({ attributes }) => attributes['unit'])).toEqual(['sat', 'unknown']);
  });
});
