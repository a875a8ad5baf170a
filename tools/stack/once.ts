import { setTimeout as wait } from 'node:timers/promises';
import { stackClients } from './clients.ts';
import type { Stack } from './stack.ts';
import { tellStory } from './story.ts';
import { startMiners, startWalletWork } from './work.ts';

interface OnceContext {
  readonly tell: (line: string) => void;
  readonly seconds: () => string;
  readonly interrupted: Promise<'interrupted'>;
}

const WITHIN_MS = 180_000;

/** Mines until the first tokens were minted, verified and swapped. The last line printed is one JSON object. */
export async function runOnce(stack: Stack, { tell, seconds, interrupted }: OnceContext): Promise<number> {
  const clients = stackClients(stack.options);
  const miners = startMiners(stack);
  const wallet = await startWalletWork(stack, tell);
  tell('mining; waiting for the first share to be audited and paid');
  try {
    const late = wait(WITHIN_MS, 'no token was minted in time' as const, { ref: false });
    const first = await Promise.race([wallet.firstToken, stack.unexpectedEnd, interrupted, late]);
    if (typeof first === 'string') {
      console.log(JSON.stringify({ ok: false, reason: first, seconds: Number(seconds()) }));
      return 1;
    }
    const story = await tellStory(clients, first);
    story.lines.forEach((line) => console.log(line));
    const shares = miners.reduce((sum, miner) => sum + miner.statistics.accepted, 0);
    const { depth } = await clients.auditor.getQueueStatus({});
    const { paid, minted } = wallet.totals;
    const figures = { shares, batches: paid + Number(depth), paid, minted: Number(minted), traceId: story.traceId };
    console.log(JSON.stringify({ ok: true, ...figures, seconds: Number(seconds()) }));
    return 0;
  } finally {
    await wallet.stop();
    await Promise.all(miners.map((miner) => miner.stop()));
    clients.close();
  }
}
