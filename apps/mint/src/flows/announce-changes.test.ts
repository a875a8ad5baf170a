import { amount } from '@assay/shared/kernel/money';
import { describe, expect, test } from 'vitest';
import { aMeltQuote, meltAs, meltCommand, type MeltingMint, meltingMint, satProofs } from '../../test/melting-mint.ts';
import { memoryMint, paidQuote } from '../../test/memory-mint.ts';
import { memoryBus } from '../../test/memory-notes.ts';
import type { PointHex, UncommittedOperation } from '../domain/operation.ts';
import { issued, type Quote } from '../domain/quote.ts';
import { pointOfSecret } from '../domain/side-checks.ts';
import type { Observed } from '../domain/subscriptions/observed.ts';
import { HASH_UNIT } from '../domain/unit.ts';
import type { ChangeNotes } from '../subscription-ports.ts';
import { announcedMeltQuotes, announcedMelts, announcedOperations, announcedQuotes } from './announce-changes.ts';
import { serveSubscriptions } from './serve-subscriptions.ts';

const Y = `02${'ab'.repeat(32)}` as PointHex;
const OTHER_Y = `03${'cd'.repeat(32)}` as PointHex;
const render = (observed: Observed) => (observed.is === 'proof' ? observed.proof.state : observed.quote.state);
const minted = (quote: Quote, value: bigint) => issued(quote, amount(value), quote.updatedAt);

describe('what is committed', () => {
  const told: string[] = [];
  const notes = {
    tell: (changes: Parameters<ChangeNotes['tell']>[0]) =>
      told.push(...changes.map(({ observed }) => render(observed))),
  };

  test('of an operation is told for each input, and what is not committed is not', async () => {
    const { ports } = memoryMint();
    const operations = announcedOperations(ports.operations, notes);
    const input = { y: Y, keyset: '00', amount: amount(1n), witness: undefined };
    const operation: UncommittedOperation = {
      ...{ opId: 'op', kind: 'SWAP', method: undefined, unit: HASH_UNIT, trace: undefined },
      ...{ inputs: [input, { ...input, y: OTHER_Y }], outputs: [], quotes: [] },
      ...{ fee: amount(2n), out: amount(0n), surplus: amount(0n) },
    };
    expect(await operations.commit(operation)).toBe('committed');
    expect(await operations.commit(operation)).toBe('duplicate');
    expect(told.splice(0)).toEqual(['SPENT', 'SPENT']);
  });

  test('of a quote is told, and a lost compare-and-set is not', async () => {
    let isStored = true;
    const quotes = announcedQuotes(
      { find: async () => undefined, insert: async () => 'inserted', replace: async () => isStored },
      notes,
    );
    await quotes.replace(minted(paidQuote(8n), 8n));
    isStored = false;
    await quotes.replace(minted(paidQuote(8n), 8n));
    expect(told.splice(0)).toEqual(['ISSUED']);
  });
});

describe('a melt', () => {
  /** A mint that tells what it commits, a wallet that watches the melt quote and one input, and what it saw. */
  async function watchedMelt(ends: MeltingMint['backend']['ends']) {
    const mint = meltingMint();
    const notes = memoryBus().instance(render);
    const ports = {
      ...mint.ports,
      melts: announcedMelts(mint.ports.melts, notes, mint.clock),
      meltQuotes: announcedMeltQuotes(mint.meltQuotes, notes),
    };
    mint.backend.ends = ends;
    const quote = await aMeltQuote(mint);
    const inputs = await satProofs(mint, 'melt', [8n, 8n]);
    const told: string[] = [];
    const tell = (subId: string, payload: string) => void told.push(`${subId} ${payload}`);
    const wallet = serveSubscriptions({ ...ports, notes, render }).connect({ tell, evicted: () => undefined });
    for (const [subId, kind, filter] of [
      ['quote', 'bolt11_melt_quote', quote.quote],
      ['proof', 'proof_state', pointOfSecret(inputs[0]?.secret ?? '')],
    ] as const) {
      const granted = await wallet.subscribe({ subId, kind, filters: [filter] });
      if (granted.ok) granted.value.begin();
    }
    const of = (subId: string) =>
      told.flatMap((line) => (line.startsWith(subId) ? [line.slice(subId.length + 1)] : []));
    const pay = () => meltAs({ ...mint, ports }, meltCommand(mint, 'melt', quote, { inputs }));
    return { mint, pay, of };
  }

  test('that is paid at once is seen UNPAID, PENDING and PAID, once each, and its inputs UNSPENT, PENDING and SPENT', async () => {
    const { pay, of } = await watchedMelt('PAID');
    expect(await pay()).toMatchObject({ ok: true, value: { state: 'PAID' } });
    expect(of('quote')).toEqual(['UNPAID', 'PENDING', 'PAID']);
    expect(of('proof')).toEqual(['UNSPENT', 'PENDING', 'SPENT']);
  });

  test('that fails frees its inputs, and is seen PENDING again when it is tried again', async () => {
    const { mint, pay, of } = await watchedMelt('FAILED');
    expect(await pay()).toMatchObject({ ok: false });
    expect(of('quote')).toEqual(['UNPAID', 'PENDING', 'UNPAID']);
    expect(of('proof')).toEqual(['UNSPENT', 'PENDING', 'UNSPENT']);
    mint.backend.ends = 'PAID';
    expect(await pay()).toMatchObject({ ok: true });
    expect(of('quote').slice(3)).toEqual(['PENDING', 'PAID']);
    expect(of('proof').slice(3)).toEqual(['PENDING', 'SPENT']);
  });
});
