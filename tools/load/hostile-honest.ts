import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { blind, type Blinded, type Proof, unblind } from '../bench/blinding.ts';
import { serveProgram } from '../bench/program.ts';
import { createLatencies } from './latencies.ts';

// Honest wallets in a process of their own: each swap is due at its time, however the mint is doing.

const keysAnswer = z.object({
  keysets: z.array(z.object({ id: z.string(), unit: z.string(), keys: z.record(z.string(), z.string()) })),
});
const quoteAnswer = z.object({ quote: z.string(), state: z.string() });
const signatures = z.object({ signatures: z.array(z.object({ C_: z.string() })) });

/** A swap of 66 for 65: at 100 ppk two inputs cost one. */
const [LARGE, SMALL, REST] = [64, 2, 1] as const;
const OUTPUTS_OF_MINT = 500;
const POLL_MS = 100;
const TICK_MS = 2;
const REQUEST_MS = 30_000;

const state = {
  url: '',
  keyset: { id: '', keys: {} as Readonly<Record<string, string>> },
  stock: { [LARGE]: [] as Proof[], [SMALL]: [] as Proof[] },
};

function ask(path: string, body: object | undefined, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { 'content-type': 'application/json' };
    const options = { method, headers, timeout: REQUEST_MS, ...(agent === undefined ? {} : { agent }) };
    const sent = request(`${state.url}${path}`, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
      answer.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${path} answered ${answer.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    sent.once('timeout', () => sent.destroy(new Error(`${path} was not answered in time`)));
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const rendered = (outputs: readonly Blinded[]) =>
  outputs.map(({ amount, point }) => ({ amount, id: state.keyset.id, B_: point }));

async function mint(amount: typeof LARGE | typeof SMALL, count: number): Promise<void> {
  const asked = await ask('/v1/mint/quote/bolt11', { amount: amount * count, unit: 'sat' });
  const { quote } = quoteAnswer.parse(JSON.parse(asked));
  const isPaid = async () =>
    quoteAnswer.parse(JSON.parse(await ask(`/v1/mint/quote/bolt11/${quote}`, undefined))).state === 'PAID';
  while (!(await isPaid())) await wait(POLL_MS);
  const outputs = Array.from({ length: count }, () => blind(amount));
  const minted = await ask('/v1/mint/bolt11', { quote, outputs: rendered(outputs) });
  const key = state.keyset.keys[String(amount)] ?? '';
  for (const [at, { C_ }] of signatures.parse(JSON.parse(minted)).signatures.entries()) {
    const output = outputs[at];
    if (output !== undefined) state.stock[amount].push(unblind(output, C_, { id: state.keyset.id, key }));
  }
}

function swapBody(): object {
  const inputs = [state.stock[LARGE].pop(), state.stock[SMALL].pop()];
  return { inputs, outputs: rendered([blind(REST), blind(LARGE)]) };
}

const calls = {
  /** Has proofs for so many swaps and one more, which is done: the answer is its body. */
  async open({ url, swaps }: { url: string; swaps: number }): Promise<string> {
    state.url = url;
    const { keysets } = keysAnswer.parse(JSON.parse(await ask('/v1/keys', undefined)));
    const found = keysets.find(({ unit }) => unit === 'sat');
    if (found === undefined) throw new Error(`${url} has no keyset of sat`);
    state.keyset = found;
    for (let made = 0; made <= swaps; made += OUTPUTS_OF_MINT) {
      await mint(LARGE, OUTPUTS_OF_MINT);
      await mint(SMALL, OUTPUTS_OF_MINT);
    }
    const done = swapBody();
    await ask('/v1/swap', done);
    return JSON.stringify(done);
  },
  /** Latency counts from the time at which a swap was due. */
  async swap({ ratePerS, seconds }: { ratePerS: number; seconds: number }) {
    const agent = new Agent({ keepAlive: true });
    const latencies = createLatencies();
    const running: Promise<unknown>[] = [];
    const faults: string[] = [];
    const bodies = Array.from({ length: Math.round(ratePerS * seconds) }, swapBody);
    const startedAt = performance.now();
    for (const [at, body] of bodies.entries()) {
      const dueAt = startedAt + (1_000 * at) / ratePerS;
      while (performance.now() < dueAt) await wait(TICK_MS);
      const done = ask('/v1/swap', body, agent).then(
        () => latencies.add(performance.now() - dueAt),
        (error: unknown) => faults.push(error instanceof Error ? error.message : 'a fault'),
      );
      running.push(done);
    }
    await Promise.all(running);
    agent.destroy();
    const [p50Ms, p99Ms] = [latencies.quantile(0.5), latencies.quantile(0.99)];
    return { swaps: latencies.count(), failed: faults.length, fault: faults[0] ?? '', p50Ms, p99Ms };
  },
};

export type HonestProgram = typeof calls;

serveProgram(calls);
