import { expect, test } from 'vitest';
import { SOCKET_LIMITS } from './limits.ts';
import { socketOutbox } from './outbox.ts';

const FRAME_BYTES = 2 + 10;

/** A connection that takes what is written to it at once, or never. */
function connection({ takes }: { readonly takes: boolean }, queuedMessagesMax = 3) {
  const written: string[][] = [];
  let corked: string[] | undefined;
  let untaken = 0;
  const socket = {
    get bufferedAmount() {
      return FRAME_BYTES * ((corked?.length ?? 0) + untaken);
    },
    send: (data: Buffer, _: object, sent: () => void) => {
      corked?.push(data.toString());
      if (takes) process.nextTick(sent);
    },
  };
  const stream = {
    cork: () => void (corked = []),
    uncork: () => {
      written.push(corked ?? []);
      if (!takes) untaken += corked?.length ?? 0;
      corked = undefined;
    },
  };
  let tooSlow = 0;
  const limits = { ...SOCKET_LIMITS, queuedMessagesMax };
  const total = { bytes: 0 };
  const outbox = socketOutbox(socket, stream, { limits, total, tooSlow: () => (tooSlow += 1) });
  return { outbox, written, total, tooSlow: () => tooSlow };
}

const message = (at: number) => String(at).padStart(10, '0');
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('messages of one turn go to the operating system together', async () => {
  const { outbox, written } = connection({ takes: true });
  [1, 2, 3].forEach((at) => outbox.send(message(at)));
  expect(written).toEqual([]);
  await nextTurn();
  outbox.send(message(4));
  await nextTurn();
  expect(written).toEqual([[1, 2, 3].map(message), [message(4)]]);
});

test('a wallet that takes everything is not too slow, however much there is to tell in one turn', async () => {
  const { outbox, written, total, tooSlow } = connection({ takes: true });
  const all = Array.from({ length: 100 }, (_, at) => message(at));
  all.forEach(outbox.send);
  await nextTurn();
  expect([written.flat(), tooSlow(), total.bytes]).toEqual([all, 0, 0]);
});

test('a wallet that takes nothing is too slow once more waits than may, and nothing is kept for it then', () => {
  const { outbox, total, tooSlow } = connection({ takes: false });
  [1, 2, 3].forEach((at) => outbox.send(message(at)));
  expect([tooSlow(), total.bytes]).toEqual([0, 3 * FRAME_BYTES]);
  [4, 5].forEach((at) => outbox.send(message(at)));
  expect([tooSlow(), total.bytes]).toEqual([1, 0]);
});
