import { amount } from '@assay/shared/kernel/money';
import { describe, expect, test } from 'vitest';
import { memoryMeltQuotes } from '../../test/memory-melts.ts';
import { type MemoryBus, memoryBus } from '../../test/memory-notes.ts';
import { memoryMint, paidQuote, QUOTE_ID } from '../../test/memory-mint.ts';
import type { PointHex } from '../domain/operation.ts';
import { issued, type Quote } from '../domain/quote.ts';
import { FINAL_VERSION } from '../domain/subscriptions/delivery.ts';
import { filterHash, shardOf } from '../domain/subscriptions/kinds.ts';
import type { Observed } from '../domain/subscriptions/observed.ts';
import type { ChangeNotes } from '../subscription-ports.ts';
import { serveSubscriptions } from './serve-subscriptions.ts';

const Y = `02${'ab'.repeat(32)}` as PointHex;
const OTHER_Y = `03${'cd'.repeat(32)}` as PointHex;
const render = (observed: Observed) => {
  if (observed.is === 'proof') return observed.proof.state;
  const { quote } = observed;
  return 'amountIssued' in quote ? `${quote.state} ${quote.amountIssued}/${quote.amountPaid}` : quote.state;
};

/** One instance of a mint, and one wallet connected to it. */
function instance(bus: MemoryBus = memoryBus(), mint = memoryMint({ paid: 8n }), watchedMax = 1_000) {
  const notes = bus.instance(render);
  const subscriptions = serveSubscriptions({
    meltQuotes: memoryMeltQuotes(),
    ...mint.ports,
    notes,
    render,
    watchedMax,
  });
  const told: string[] = [];
  const connect = () =>
    subscriptions.connect({
      tell: (subId, payload) => told.push(`${subId}: ${payload}`),
      evicted: () => told.push('evicted'),
    });
  const wallet = connect();
  return { ...mint, bus, mint, notes, subscriptions, connect, wallet, told };
}

async function subscribe({ wallet }: ReturnType<typeof instance>, kind: string, filters: string[], subId = 's') {
  const granted = await wallet.subscribe({ subId, kind, filters });
  if (granted.ok) granted.value.begin();
  return granted;
}

function spend({ store }: ReturnType<typeof instance>, notes: Pick<ChangeNotes, 'tell'>, y: PointHex) {
  store.spent.set(y, { state: 'SPENT', witness: undefined });
  const proof = { y, state: 'SPENT', witness: undefined } as const;
  notes.tell([{ observed: { is: 'proof', proof }, version: FINAL_VERSION }]);
}

function change({ quotes }: ReturnType<typeof instance>, notes: Pick<ChangeNotes, 'tell'>, quote: Quote) {
  quotes.put(quote);
  notes.tell([{ observed: { is: 'mint-quote', quote }, version: quote.version }]);
}

const minted = (quote: Quote, value: bigint) => issued(quote, amount(value), quote.updatedAt);

describe('a subscription', () => {
  test('is told the current state of every filter, then each change', async () => {
    const here = instance();
    await subscribe(here, 'ehash_mint_quote', [QUOTE_ID]);
    const quote = minted(paidQuote(8n), 3n);
    change(here, here.notes, quote);
    change(here, here.notes, minted(quote, 5n));
    expect(here.told).toEqual(['s: PAID 0/8', 's: PAID 3/8', 's: ISSUED 8/8']);
  });

  test('of a proof that was never seen is told UNSPENT', async () => {
    const here = instance();
    await subscribe(here, 'proof_state', [Y, OTHER_Y]);
    spend(here, here.notes, OTHER_Y);
    expect(here.told).toEqual(['s: UNSPENT', 's: UNSPENT', 's: SPENT']);
  });

  test('is refused when one of its quotes is unknown or of another method, and leaves nothing behind', async () => {
    const here = instance();
    for (const [kind, filters] of [
      ['ehash_mint_quote', [QUOTE_ID, 'none']],
      ['bolt11_mint_quote', [QUOTE_ID]],
    ] as const) {
      expect(await subscribe(here, kind, [...filters])).toEqual({ ok: false, error: 'quote-unknown' });
    }
    expect([...here.notes.shards]).toEqual([]);
    expect(here.wallet.openCount()).toBe(0);
    expect(await subscribe(here, 'ehash_mint_quote', [QUOTE_ID])).toMatchObject({ ok: true });
  });

  test('whose states cannot be read fails, and leaves nothing behind', async () => {
    const mint = memoryMint();
    const away = { ...mint.ports.quotes, findByIds: () => Promise.reject(new Error('away')) };
    const here = instance(memoryBus(), { ...mint, ports: { ...mint.ports, quotes: away } });
    await expect(subscribe(here, 'ehash_mint_quote', [QUOTE_ID])).rejects.toThrow('away');
    expect([here.wallet.openCount(), here.notes.shards.size]).toEqual([0, 0]);
  });

  test('is told what changes while it is being granted only after the current state, and once', async () => {
    const here = instance();
    const quote = minted(paidQuote(8n), 3n);
    const granted = await here.wallet.subscribe({ subId: 's', kind: 'ehash_mint_quote', filters: [QUOTE_ID] });
    change(here, here.notes, quote);
    change(here, here.notes, quote);
    expect(here.told).toEqual([]);
    if (granted.ok) granted.value.begin();
    expect(here.told).toEqual(['s: PAID 0/8', 's: PAID 3/8']);
  });

  test('hears of a change once, whatever comes again or late', async () => {
    const here = instance();
    await subscribe(here, 'ehash_mint_quote', [QUOTE_ID]);
    const quote = minted(paidQuote(8n), 3n);
    const last = minted(quote, 5n);
    for (const next of [last, quote, last, quote]) change(here, here.notes, next);
    here.quotes.put(last);
    expect(await here.subscriptions.resync()).toBe(0);
    expect(here.told).toEqual(['s: PAID 0/8', 's: ISSUED 8/8']);
  });

  test('ends with its connection, and by its name', async () => {
    const here = instance();
    await subscribe(here, 'proof_state', [Y], 'first');
    await subscribe(here, 'proof_state', [Y], 'second');
    expect([here.wallet.unsubscribe('first'), here.wallet.unsubscribe('first')]).toEqual([true, false]);
    spend(here, here.notes, Y);
    expect(here.told.slice(2)).toEqual(['second: SPENT']);
    here.wallet.close();
    expect(here.notes.shards.size).toBe(0);
  });

  test('that is granted after its connection is gone tells and keeps nothing', async () => {
    const here = instance();
    const granting = here.wallet.subscribe({ subId: 's', kind: 'proof_state', filters: [Y] });
    here.wallet.close();
    const granted = await granting;
    if (granted.ok) granted.value.begin();
    expect([here.told.length, here.notes.shards.size]).toEqual([0, 0]);
  });
});

describe('an instance that is full', () => {
  const ys = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => `02${(from + at).toString(16).padStart(64, '0')}`);

  test('ends the connection that holds most, for one that would still hold less', async () => {
    const here = instance(memoryBus(), memoryMint(), 10);
    const [greedy, modest] = [here.wallet, here.connect()];
    const ask = (wallet: typeof greedy, subId: string, filters: string[]) =>
      wallet.subscribe({ subId, kind: 'proof_state', filters });
    await ask(greedy, 'first', ys(0, 4));
    await ask(greedy, 'second', ys(4, 5));
    expect(await ask(greedy, 'third', ys(9, 2))).toEqual({ ok: false, error: 'mint-full' });
    expect(await ask(modest, 'mine', ys(20, 3))).toMatchObject({ ok: true });
    expect(here.told).toEqual(['evicted']);
    expect([greedy.openCount(), modest.openCount()]).toEqual([0, 1]);
  });

  test('refuses who would hold as much as anybody', async () => {
    const here = instance(memoryBus(), memoryMint(), 10);
    const [first, second, third] = [here.wallet, here.connect(), here.connect()];
    for (const [at, wallet] of [first, second].entries()) {
      expect(await wallet.subscribe({ subId: 's', kind: 'proof_state', filters: ys(10 * at, 5) })).toMatchObject({
        ok: true,
      });
    }
    const refused = await third.subscribe({ subId: 's', kind: 'proof_state', filters: ys(30, 5) });
    expect(refused).toEqual({ ok: false, error: 'mint-full' });
    expect(here.told).toEqual([]);
  });
});

describe('two instances', () => {
  test('tell each other what they commit, to the shards that somebody there listens to', async () => {
    const bus = memoryBus();
    const here = instance(bus);
    const there = instance(bus, here.mint);
    await subscribe(here, 'proof_state', [Y]);
    expect([...here.notes.shards]).toEqual([`proof_state.${shardOf(filterHash(Y))}`]);
    expect([...there.notes.shards]).toEqual([]);
    spend(there, there.notes, Y);
    expect(here.told).toEqual(['s: UNSPENT', 's: SPENT']);
  });

  test('find by their resync what was lost between them', async () => {
    const bus = memoryBus();
    const here = instance(bus);
    const there = instance(bus, here.mint);
    await subscribe(here, 'proof_state', [Y, OTHER_Y]);
    await subscribe(here, 'ehash_mint_quote', [QUOTE_ID], 'q');
    bus.isDown = true;
    spend(there, there.notes, Y);
    change(there, there.notes, minted(paidQuote(8n), 3n));
    expect(here.told).toHaveLength(3);
    expect(await here.subscriptions.resync()).toBe(2);
    expect(here.told.slice(3)).toEqual(['s: SPENT', 'q: PAID 3/8']);
    expect(await here.subscriptions.resync()).toBe(0);
  });
});

test('much that is watched is read again in parts, in turns with what others ask', async () => {
  const mint = memoryMint();
  const happened: string[] = [];
  const ports = {
    ...mint.ports,
    turns: { next: async () => void happened.push('turn') },
    operations: {
      ...mint.ports.operations,
      findSpent: (ys: readonly PointHex[]) => {
        happened.push(`read ${ys.length}`);
        return mint.ports.operations.findSpent(ys);
      },
    },
  };
  const here = instance(memoryBus(), { ...mint, ports }, 1_000);
  for (let at = 0; at < 6; at += 1) {
    const filters = Array.from({ length: 100 }, (_, y) => `02${(100 * at + y).toString(16).padStart(64, '0')}`);
    await subscribe(here, 'proof_state', filters, `s${at}`);
  }
  happened.length = 0;
  expect(await here.subscriptions.resync()).toBe(0);
  expect(happened).toEqual(['turn', 'read 250', 'turn', 'read 250', 'turn', 'read 100']);
});
