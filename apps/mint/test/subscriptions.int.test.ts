import { QuoteState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { toHex } from '@assay/shared/kernel/bytes';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintNoteSubject, NOTE_SUBJECTS } from '@assay/proto/catalogue';
import { ehashKey, type Quote } from '../src/domain/quote.ts';
import { filterHash, shardOf } from '../src/domain/subscriptions/kinds.ts';
import type { SubscribeRequest } from '../src/domain/subscriptions/requests.ts';
import { settleQuote } from '../src/flows/settle-quote.ts';
import { aSwap } from './committed-operations.ts';
import { type RunningMint, runMint } from './running-mint.ts';
import { aBatch, AUDITOR_KEYS, aVerdict } from './signed-facts.ts';
import { tellBatch } from './wire-facts.ts';

const { QUOTE_STATE_UNSPECIFIED: state } = QuoteState;
const ANY_QUOTE = { method: '', poolId: '', pubkey: Buffer.alloc(0), state, resumeToken: '' };

let database: TestDatabase;
let nats: NatsServer;
let here: RunningMint;
let there: RunningMint;
let isDeaf = false;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
  const options = { db: database.db, natsUrl: nats.url };
  here = await runMint({ ...options, resyncMs: 300, hears: () => !isDeaf });
  there = await runMint({ ...options, resyncMs: 600_000 });
});

afterAll(async () => {
  await here.stop();
  await there.stop();
  await nats.stop();
  await database.drop();
});

/** A wallet that is subscribed at an instance, and what it was told. */
async function watch(mint: RunningMint, request: Omit<SubscribeRequest, 'subId'>) {
  const told: Record<string, unknown>[] = [];
  const wallet = mint.subscriptions.connect({
    tell: (_, payload) => told.push(JSON.parse(payload) as Record<string, unknown>),
    evicted: () => undefined,
  });
  const granted = await wallet.subscribe({ ...request, subId: 's' });
  if (!granted.ok) throw new Error(granted.error);
  granted.value.begin();
  return {
    told,
    close: wallet.close,
    reached: (count: number) => until(`${count} payloads`, () => (told.length >= count ? told : undefined)),
  };
}

/** The PENDING quote of a new batch, made by whichever instance consumes it. */
async function pendingQuote(batchId: string): Promise<{ quote: Quote; settle(): Promise<unknown> }> {
  const batch = aBatch({ batchId });
  await tellBatch(here.bus, batch);
  const quote = await until(batchId, () => there.quotes.find(ehashKey(batch.poolId, batchId)));
  const verdict = aVerdict({ batchId, batchHash: toHex(batch.batchHash), credited: 8n, code: 'OK_PARTIAL' });
  return { quote, settle: () => settleQuote({ ...there, auditorKeys: AUDITOR_KEYS }, verdict) };
}

const swapOf = (count: number) =>
  aSwap(
    here.clock.now(),
    Array.from({ length: count }, () => 1n),
    [BigInt(count)],
  );

describe('a wallet at one instance', () => {
  test('sees its quote PENDING, then PAID by the verdict that the other instance consumed (A11)', async () => {
    const { quote, settle } = await pendingQuote('a11');
    const { reached, close } = await watch(here, { kind: 'ehash_mint_quote', filters: [quote.quote] });
    await settle();
    const states = (await reached(2)).map(({ audit_state: state, amount_paid: paid }) => [state, paid]);
    expect(states).toEqual([
      ['PENDING', 0],
      ['PAID', 8],
    ]);
    close();
  });

  test('sees every proof that the other instance spends, with its witness', async () => {
    const swap = swapOf(3);
    const [first, ...rest] = swap.inputs;
    if (first === undefined) throw new Error('no input');
    const { told, reached, close } = await watch(here, {
      kind: 'proof_state',
      filters: swap.inputs.map(({ y }) => y),
    });
    expect(told.map(({ state }) => state)).toEqual(['UNSPENT', 'UNSPENT', 'UNSPENT']);
    await there.operations.commit({ ...swap, inputs: [{ ...first, witness: 'w' }, ...rest] });
    expect((await reached(6)).slice(3)).toEqual(
      swap.inputs.map(({ y }) => ({ Y: y, state: 'SPENT', witness: y === first.y ? 'w' : null })),
    );
    close();
  });

  test('hears only the shards that it is subscribed to, named by no id', async () => {
    const subjects: string[] = [];
    const tap = here.bus.nc.subscribe(`${NOTE_SUBJECTS.mintChange}.*.*`, {
      callback: (_, { subject }) => void subjects.push(subject),
    });
    await here.bus.nc.flush();
    const swap = swapOf(1);
    const y = swap.inputs[0]?.y ?? '';
    await there.operations.commit(swap);
    await until('a note', () => (subjects.length > 0 ? true : undefined));
    expect(subjects).toEqual([mintNoteSubject('proof_state', shardOf(filterHash(y)))]);
    tap.unsubscribe();
  });

  test('finds by the next resync what no note told it', async () => {
    const swap = swapOf(2);
    const { quote, settle } = await pendingQuote('lost');
    const proofs = await watch(here, { kind: 'proof_state', filters: swap.inputs.map(({ y }) => y) });
    const quotes = await watch(here, { kind: 'ehash_mint_quote', filters: [quote.quote] });
    isDeaf = true;
    await there.operations.commit(swap);
    await settle();
    const begin = performance.now();
    expect((await proofs.reached(4)).map(({ state }) => state)).toEqual(['UNSPENT', 'UNSPENT', 'SPENT', 'SPENT']);
    expect((await quotes.reached(2)).map((payload) => payload['audit_state'])).toEqual(['PENDING', 'PAID']);
    expect(performance.now() - begin).toBeLessThan(10_000);
    isDeaf = false;
    [proofs, quotes].forEach(({ close }) => close());
  });

  test('is told nothing twice, whatever comes by note and by resync', async () => {
    const { quote, settle } = await pendingQuote('once');
    const { told, reached, close } = await watch(here, { kind: 'ehash_mint_quote', filters: [quote.quote] });
    await settle();
    await reached(2);
    expect(await here.subscriptions.resync()).toBe(0);
    expect(told).toHaveLength(2);
    close();
  });

  test('and a team that watches quotes see the same', async () => {
    const { quote, settle } = await pendingQuote('watched');
    const watched = here.teams.watchQuotes({ ...ANY_QUOTE, method: 'ehash' }, { deadlineMs: 20_000 });
    const versions: bigint[] = [];
    for await (const { update } of watched) {
      if (update?.$case === 'bookmark') await settle();
      else if (update?.value.quoteId === quote.quote) versions.push(update.value.version);
      if (versions.length === 2) break;
    }
    expect(versions).toEqual([1n, 2n]);
  });

  test('goes on without NATS: its own instance at once, the other one by resync', async () => {
    await nats.stop();
    const [own, others] = [swapOf(1), swapOf(1)];
    const filters = [own, others].flatMap(({ inputs }) => inputs.map(({ y }) => y));
    const { reached, close } = await watch(here, { kind: 'proof_state', filters });
    await here.operations.commit(own);
    expect((await reached(3))[2]).toMatchObject({ Y: filters[0], state: 'SPENT' });
    await there.operations.commit(others);
    expect((await reached(4))[3]).toMatchObject({ Y: filters[1], state: 'SPENT' });
    close();
  });
});
