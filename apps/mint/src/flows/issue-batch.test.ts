import { amount } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type MemoryMint, memoryMint, paidQuote } from '../../test/memory-mint.ts';
import { blinds, mintRequest, opId } from '../../test/requests.ts';
import { denominationsOf, signQuote } from '../../test/wallet-secrets.ts';
import { mintable, type Quote } from '../domain/quote.ts';
import { issueBatch, type IssueBatchRequest, issueTokens } from './issue-tokens.ts';

const [A, B, C] = ['a', 'b', 'c'].map((name) => aQuote(name)) as [Quote, Quote, Quote];
let mint: MemoryMint;

beforeEach(() => {
  mint = memoryMint();
  for (const quote of [A, B, C]) mint.quotes.put(quote);
});

function aQuote(name: string): Quote {
  return paidQuote(8n, { batchId: `b-${name}`, quote: `0198f1c0-7e8a-7c3d-8e9f-00000000000${name}` });
}

/** All of `quotes`, signed; the name is the op id and the seed of the secrets. */
function batch(
  name: string,
  quotes: readonly Quote[],
  worth: bigint,
  fields: Partial<IssueBatchRequest> = {},
): IssueBatchRequest {
  const quoteIds = quotes.map(({ quote }) => quote);
  const outputs = blinds(name, denominationsOf(worth), mint.keyset).map(({ output }) => output);
  const signatures = quotes.map(({ quote, pubkey }) => (pubkey === undefined ? undefined : signQuote(quote, outputs)));
  return { opId: opId(name), method: 'ehash', quoteIds, amounts: undefined, outputs, signatures, ...fields };
}

async function outcomeOf(request: IssueBatchRequest): Promise<string> {
  const answer = await issueBatch(mint.ports, request);
  return answer.ok ? 'ok' : answer.error.code;
}

const issuedOf = async (...quotes: readonly Quote[]) => {
  const rebuilt = await Promise.all(quotes.map(({ naturalKey }) => mint.quotes.rebuild(naturalKey)));
  return rebuilt.map(({ amountIssued }) => amountIssued);
};

describe('a batch of quotes', () => {
  test('is one operation with a step of each', async () => {
    expect(await outcomeOf(batch('all', [A, B, C], 24n))).toBe('ok');
    expect([...mint.store.byId.values()]).toMatchObject([
      {
        kind: 'MINT',
        method: 'ehash',
        quotes: [A, B, C].map(({ naturalKey }) => ({ naturalKey, step: 0, amount: 8n })),
      },
    ]);
    expect(await issuedOf(A, B, C)).toEqual([8n, 8n, 8n]);
  });

  test('takes of each what is asked', async () => {
    const amounts = [amount(1n), amount(7n)];
    expect(await outcomeOf(batch('parts', [A, B], 8n, { amounts }))).toBe('ok');
    expect(await issuedOf(A, B)).toEqual([1n, 7n]);
  });

  test('is minted whole or not at all', async () => {
    mint.quotes.put({ ...C, state: 'PENDING', amountPaid: amount(0n) });
    expect(await outcomeOf(batch('one pending', [A, C], 8n))).toBe('quote-not-paid');
    expect(mint.store.byId.size).toBe(0);
    expect(await outcomeOf(batch('without it', [A], 8n))).toBe('ok');
  });

  test('may mix locked and unlocked quotes, and has a signature for the locked', async () => {
    const open = { ...B, pubkey: undefined };
    mint.quotes.put(open);
    const mixed = batch('mixed', [A, open], 16n);
    expect(await outcomeOf({ ...mixed, signatures: undefined })).toBe('quote-signature');
    expect(await outcomeOf({ ...mixed, signatures: mixed.signatures?.toReversed() })).toBe('quote-signature');
    expect(await outcomeOf(mixed)).toBe('ok');
  });

  test('of unlocked quotes needs no signatures', async () => {
    for (const quote of [A, B]) mint.quotes.put({ ...quote, pubkey: undefined });
    expect(await outcomeOf(batch('open', [A, B], 16n, { signatures: undefined }))).toBe('ok');
  });

  test('has signatures that cover their own quote and all outputs', async () => {
    const request = batch('signed', [A, B], 16n);
    const few = signQuote(A.quote, request.outputs.slice(1));
    expect(await outcomeOf({ ...request, signatures: [few, request.signatures?.[1]] })).toBe('quote-signature');
    const other = signQuote(B.quote, request.outputs);
    expect(await outcomeOf({ ...request, signatures: [other, other] })).toBe('quote-signature');
    const legacy = signQuote(A.quote, request.outputs, 'legacy');
    expect(await outcomeOf({ ...request, signatures: [legacy, request.signatures?.[1]] })).toBe('ok');
  });

  test('is judged signature by signature, and others have their turn in between', async () => {
    const turns = { taken: 0, next: async () => void (turns.taken += 1) };
    const mintWith = (request: IssueBatchRequest) => issueBatch({ ...mint.ports, turns }, request);
    expect(await mintWith(batch('one', [A], 8n))).toMatchObject({ ok: true });
    expect(turns.taken).toBe(0);
    expect(await mintWith(batch('two', [B, C], 16n))).toMatchObject({ ok: true });
    expect(turns.taken).toBe(1);
  });

  test('again has the same signatures, also at once', async () => {
    const request = batch('again', [A, B], 16n);
    const [first, other] = await Promise.all([issueBatch(mint.ports, request), issueBatch(mint.ports, request)]);
    expect(first.ok).toBe(true);
    expect([other, await issueBatch(mint.ports, request)]).toEqual([first, first]);
    expect(mint.store.byId.size).toBe(1);
  });

  test('is decided on what is true where counters lag behind', async () => {
    const { keyset, ports } = mint;
    expect((await issueTokens(ports, mintRequest('three', [1n, 2n], keyset, { quoteId: A.quote }))).ok).toBe(true);
    expect(mint.quotes.get(A.naturalKey).amountIssued).toBe(0n);
    expect(await outcomeOf(batch('as stored', [A, B], 16n))).toBe('unbalanced');
    mint.quotes.put(A);
    expect(await outcomeOf(batch('as it is', [A, B], 13n))).toBe('ok');
    expect(await issuedOf(A, B)).toEqual([8n, 8n]);
  });

  test('of a hundred at once that share a quote, one is minted', async () => {
    const others = Array.from({ length: 100 }, (_, at) => paidQuote(8n, { batchId: `o-${at}`, quote: `other-${at}` }));
    for (const quote of others) mint.quotes.put(quote);
    const outcomes = await Promise.all(others.map((quote, at) => outcomeOf(batch(`r-${at}`, [quote, A], 16n))));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'quote-issued')).toHaveLength(99);
    expect((await issuedOf(...others)).filter((value) => value > 0n)).toEqual([8n]);
  });

  test('of too many quotes is refused before any is looked for', async () => {
    const ids = Array.from({ length: 101 }, (_, at) => `q-${at}`);
    let asked = 0;
    const findByIds = async (wanted: readonly string[]) => {
      asked = wanted.length;
      return [];
    };
    const quotes = { ...mint.quotes, findByIds };
    const request = { ...batch('many', [A], 8n), quoteIds: ids };
    expect(await issueBatch({ ...mint.ports, quotes }, request)).toMatchObject({ error: { code: 'batch-too-large' } });
    expect(asked).toBeLessThanOrEqual(100);
  });
});

test('however mints and batches come together, no quote gives more than was paid, and operations say the same', async () => {
  const step = fc.record({
    of: fc.subarray([0, 1, 2], { minLength: 1 }),
    parts: fc.array(fc.bigInt({ min: 1n, max: 8n }), { minLength: 3, maxLength: 3 }),
    isSingle: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), async (rounds) => {
      mint = memoryMint();
      for (const quote of [A, B, C]) mint.quotes.put(quote);
      for (const [round, steps] of rounds.entries()) {
        await Promise.all(steps.map((asked, at) => ask(`${round}-${at}`, asked)));
      }
      const given = await issuedOf(A, B, C);
      for (const [at, { naturalKey }] of [A, B, C].entries()) {
        const taken = [...mint.store.byId.values()].flatMap(({ quotes }) =>
          quotes.filter((q) => q.naturalKey === naturalKey),
        );
        expect(taken.reduce((sum, { amount: part }) => sum + part, 0n)).toBe(given[at]);
        expect(taken.map(({ step: number }) => number).sort()).toEqual(taken.map((_, number) => number));
        expect(mintable(mint.quotes.get(naturalKey))).toBe(8n - (given[at] ?? 0n));
      }
    }),
    { numRuns: 40 },
  );
});

interface Asked {
  readonly of: readonly number[];
  readonly parts: readonly bigint[];
  readonly isSingle: boolean;
}

async function ask(name: string, { of, parts, isSingle }: Asked): Promise<unknown> {
  const quotes = of.flatMap((at) => [A, B, C][at] ?? []);
  const amounts = of.map((at) => amount(parts[at] ?? 1n));
  const [{ quote: quoteId } = A] = quotes;
  if (!isSingle)
    return issueBatch(
      mint.ports,
      batch(
        name,
        quotes,
        amounts.reduce((sum, part) => sum + part, 0n),
        { amounts },
      ),
    );
  const request = mintRequest(name, denominationsOf(amounts[0] ?? 1n), mint.keyset, { quoteId });
  return issueTokens(mint.ports, request);
}
