import { amount } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpMint, httpMint } from '../../../../test/http-mint.ts';
import { paidQuote, QUOTE_ID } from '../../../../test/memory-mint.ts';
import { socketWallet } from '../../../../test/socket-wallet.ts';
import type { PointHex } from '../../../domain/operation.ts';
import { issued, type Quote } from '../../../domain/quote.ts';
import { FINAL_VERSION } from '../../../domain/subscriptions/delivery.ts';
import type { SocketLimits } from './limits.ts';

const running: HttpMint[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ context }) => context.stop()));
});

async function mintWith(sockets: Partial<SocketLimits> = {}, requestsPerMinute = 0): Promise<HttpMint> {
  const mint = await httpMint({ sockets: { closeMs: 200, ...sockets }, requestsPerMinute });
  running.push(mint);
  return mint;
}

const y = (at: number) => `02${at.toString(16).padStart(64, '0')}` as PointHex;
const ys = (count: number) => Array.from({ length: count }, (_, at) => y(at));

function spend({ notes, store }: HttpMint, spent: readonly PointHex[], witness?: string): void {
  for (const each of spent) store.spent.set(each, { state: 'SPENT', witness });
  const changes = spent.map((each) => ({ y: each, state: 'SPENT' as const, witness }));
  notes.tell(changes.map((proof) => ({ observed: { is: 'proof', proof }, version: FINAL_VERSION })));
}

function mintPart({ notes, quotes }: HttpMint, quote: Quote, value: bigint): Quote {
  const next = issued(quote, amount(value), quote.updatedAt);
  quotes.put(next);
  notes.tell([{ observed: { is: 'mint-quote', quote: next }, version: next.version }]);
  return next;
}

describe('a wallet on the WebSocket', () => {
  test('sees of a quote what HTTP answers: first OK, then its state, then each change', async () => {
    const mint = await mintWith();
    const wallet = await socketWallet(mint.url);
    const answer = await wallet.subscribe('ehash_mint_quote', [QUOTE_ID]);
    expect(answer).toEqual({ jsonrpc: '2.0', result: { status: 'OK', subId: 's' }, id: 1 });
    const path = `/v1/mint/quote/ehash/${QUOTE_ID}`;
    expect(await wallet.next()).toEqual({
      ...{ jsonrpc: '2.0', method: 'subscribe' },
      params: { subId: 's', payload: (await mint.get(path)).json },
    });
    mintPart(mint, paidQuote(8n), 3n);
    expect(await wallet.payload()).toEqual((await mint.get(path)).json);
  });

  test('sees proofs as checkstate shows them, with the witness', async () => {
    const mint = await mintWith();
    const wallet = await socketWallet(mint.url);
    await wallet.subscribe('proof_state', [y(1).toUpperCase(), y(2)]);
    expect([await wallet.payload(), await wallet.payload()]).toEqual(
      [y(1), y(2)].map((Y) => ({ Y, state: 'UNSPENT', witness: null })),
    );
    spend(mint, [y(2)], '{"signatures":[]}');
    const state = { Y: y(2), state: 'SPENT', witness: '{"signatures":[]}' };
    expect(await wallet.payload()).toEqual(state);
    expect((await mint.post('/v1/checkstate', { Ys: [y(2)] })).json).toEqual({ states: [state] });
  });

  test('has 100 subscriptions of 100 filters at the same time, and no more', async () => {
    const mint = await mintWith();
    const wallet = await socketWallet(mint.url);
    const refused = async (params: object) => {
      wallet.call('subscribe', { kind: 'proof_state', subId: 'x', filters: ys(1), ...params });
      return (await wallet.next()).error?.code;
    };
    expect(await refused({ filters: ys(101) })).toBe(-32_602);
    for (let at = 0; at < 100; at += 1) {
      expect((await wallet.subscribe('proof_state', ys(100), `s-${at}`)).error).toBeUndefined();
      for (let state = 0; state < 100; state += 1) await wallet.payload();
    }
    expect(await refused({})).toBe(-32_602);
    wallet.call('unsubscribe', { subId: 's-0' });
    expect((await wallet.next()).result).toEqual({ status: 'OK', subId: 's-0' });
    wallet.call('unsubscribe', { subId: 's-0' });
    expect((await wallet.next()).error?.code).toBe(-32_602);
    expect((await wallet.subscribe('proof_state', ys(1), 's-0')).error).toBeUndefined();
  });

  test('that names no quote of the mint, or one twice, is told so', async () => {
    const wallet = await socketWallet((await mintWith()).url);
    expect((await wallet.subscribe('ehash_mint_quote', ['none'])).error?.code).toBe(-32_602);
    expect((await wallet.subscribe('bolt11_mint_quote', [QUOTE_ID])).error?.code).toBe(-32_602);
    expect((await wallet.subscribe('ehash_mint_quote', [QUOTE_ID, QUOTE_ID])).error).toBeUndefined();
    expect(await wallet.payload()).toMatchObject({ quote: QUOTE_ID });
    expect((await wallet.subscribe('ehash_mint_quote', [QUOTE_ID])).error?.message).toBe('subId is in use');
  });

  test('is answered in the order of its messages, however many it sends at once', async () => {
    const wallet = await socketWallet((await mintWith()).url);
    for (let id = 0; id < 100; id += 1) wallet.call('subscribe', { kind: 'none', subId: `s-${id}`, filters: [] }, id);
    for (let id = 0; id < 100; id += 1) expect(await wallet.next()).toMatchObject({ id, error: { code: -32_602 } });
  });
});

describe('a hostile wallet', () => {
  test('is answered or closed with a defined code whatever it sends', async () => {
    const mint = await mintWith();
    const frame = fc.oneof(
      fc.json(),
      fc.string(),
      fc.json().map((params) => `{"jsonrpc":"2.0","id":1,"method":"subscribe","params":${params}}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), async (frames) => {
        const wallet = await socketWallet(mint.url);
        frames.forEach(wallet.send);
        for (const _ of frames) {
          const code = (await wallet.next()).error?.code;
          expect([-32_700, -32_600, -32_601, -32_602]).toContain(code);
        }
        await wallet.close();
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['a binary frame', 1_003, (send: (frame: string | Uint8Array) => void) => send(Buffer.from('{}'))],
    ['a frame of more than 64 KiB', 1_009, (send: (frame: string) => void) => send('x'.repeat(65_537))],
    [
      'more messages at once than may wait',
      1_008,
      (send: (frame: string) => void) => ys(3_000).forEach(() => send('{}')),
    ],
  ])('that sends %s is closed with %i', async (_, code, act) => {
    const wallet = await socketWallet((await mintWith({ inboxMax: 16 })).url);
    act(wallet.send);
    expect(await wallet.closed).toBe(code);
  });

  test('may send a frame of 64 KiB', async () => {
    const wallet = await socketWallet((await mintWith()).url);
    wallet.send(`"${'x'.repeat(65_534)}"`);
    expect((await wallet.next()).error?.code).toBe(-32_600);
  });

  test('that never reads is closed, costs no more than its limit, and others hear everything', async () => {
    const mint = await mintWith({ queuedMessagesMax: 50, closeMs: 100 });
    const [deaf, good] = [await socketWallet(mint.url), await socketWallet(mint.url)];
    const watched = ys(100);
    await deaf.subscribe('proof_state', watched);
    await good.subscribe('proof_state', watched);
    for (const _ of watched) await good.payload();
    deaf.socket.pause();
    const witness = 'w'.repeat(65_000);
    for (const Y of watched) {
      spend(mint, [Y], witness);
      expect(await good.payload()).toEqual({ Y, state: 'SPENT', witness });
    }
    deaf.socket.resume();
    // Its half of the close may come too late: then it is cut.
    expect([1_013, 1_006]).toContain(await deaf.closed);
    await good.close();
  });

  test('that sends more than its rate is closed with 1008, and its next connection refused with 429', async () => {
    const mint = await mintWith({}, 10);
    const wallet = await socketWallet(mint.url);
    for (let id = 0; id < 12; id += 1) wallet.send('{}');
    expect(await wallet.closed).toBe(1_008);
    await expect(socketWallet(mint.url)).rejects.toThrow('429');
  });

  test('gets no connection beyond those that a process takes, until one is free', async () => {
    const mint = await mintWith({ connectionsMax: 2 });
    const [first] = [await socketWallet(mint.url), await socketWallet(mint.url)];
    await expect(socketWallet(mint.url)).rejects.toThrow('503');
    await first.close();
    await expect
      .poll(() =>
        socketWallet(mint.url).then(
          () => 'open',
          () => 'refused',
        ),
      )
      .toBe('open');
  });

  test('that answers no ping is cut; one that does stays, however long it is silent', async () => {
    const mint = await mintWith({ pingMs: 200 });
    const deaf = await socketWallet(mint.url);
    const good = await socketWallet(mint.url);
    await good.subscribe('proof_state', ys(1));
    deaf.socket.pause();
    let pings = 0;
    await new Promise<void>((resolve) => good.socket.on('ping', () => ((pings += 1) > 4 ? resolve() : undefined)));
    deaf.socket.resume();
    expect(await deaf.closed).toBe(1_006);
    expect(good.socket.readyState).toBe(good.socket.OPEN);
  });

  test('without a subscription is closed in time', async () => {
    const mint = await mintWith({ pingMs: 20, idleMs: 40 });
    expect(await (await socketWallet(mint.url)).closed).toBe(1_000);
  });
});

describe('the server', () => {
  test('closes every socket with 1001 when the mint stops, also those that do not answer', async () => {
    const mint = await mintWith();
    const wallets = [await socketWallet(mint.url), await socketWallet(mint.url)];
    const deaf = await socketWallet(mint.url);
    deaf.socket.pause();
    await mint.context.stop();
    expect(await Promise.all(wallets.map(({ closed }) => closed))).toEqual([1_001, 1_001]);
  });

  test('answers a request that asks for another upgrade as if it had not asked', async () => {
    const mint = await mintWith();
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(`${mint.url}/v1/keysets`, { headers }, (answer) => resolve(answer.resume().statusCode));
      asked.on('error', reject).end();
    });
    expect(status).toBe(200);
  });

  test('answers a handshake that is none with 400, and lives on', async () => {
    const mint = await mintWith();
    const { port } = new URL(mint.url);
    const head = 'GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const reply = await new Promise<string>((resolve, reject) => {
      const socket = createConnection(Number(port), '127.0.0.1', () => socket.write(head));
      socket.once('data', (data) => resolve(data.toString()));
      socket.once('error', reject);
    });
    expect(reply).toContain('400');
    expect((await mint.get('/v1/keysets')).status).toBe(200);
  });
});
