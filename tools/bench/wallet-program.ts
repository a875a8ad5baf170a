import { Agent, request } from 'node:http';
import { z } from 'zod';
import { fromHex } from '@assay/shared/kernel/bytes';
import { createLatencies } from '../load/latencies.ts';
import { blind, type Blinded, type Proof, signMint, unblind } from './blinding.ts';
import { serveProgram } from './program.ts';

/** One request with everything computed, so that sending it costs next to nothing. */
interface Prepared {
  readonly path: string;
  readonly body: string;
  readonly outputs: readonly Blinded[];
}

const keysAnswer = z.object({
  keysets: z.array(z.object({ id: z.string(), keys: z.record(z.string(), z.string()) })).min(1),
});
const signatures = z.object({ signatures: z.array(z.object({ amount: z.number(), C_: z.string() })) });
const REQUEST_MS = 30_000;

const state = {
  url: '',
  secret: new Uint8Array(32),
  keyset: { id: '', keys: {} as Readonly<Record<string, string>> },
  prepared: [] as Prepared[],
  signed: [] as { readonly output: Blinded; readonly signature: string }[],
};

function prepare(path: string, outputs: readonly Blinded[], fields: object): void {
  const rendered = outputs.map(({ amount, point }) => ({ amount, id: state.keyset.id, B_: point }));
  state.prepared.push({ path, outputs, body: JSON.stringify({ ...fields, outputs: rendered }) });
}

function takeProof(): Proof {
  const taken = state.signed.pop();
  if (taken === undefined) throw new Error('no proof is left to swap');
  const key = state.keyset.keys[String(taken.output.amount)] ?? '';
  return unblind(taken.output, taken.signature, { id: state.keyset.id, key });
}

function post(agent: Agent, { path, body }: Prepared): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(`${state.url}${path}`, { agent, method: 'POST', headers, timeout: REQUEST_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${path} answered ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    sent.once('timeout', () => sent.destroy(new Error(`${path} was not answered in time`)));
    sent.once('error', reject);
    sent.end(body);
  });
}

const calls = {
  /** @param secret of the key that all quotes are locked to, hex */
  async open({ url, secret }: { url: string; secret: string }): Promise<void> {
    const [keyset] = keysAnswer.parse(await (await fetch(`${url}/v1/keys`)).json()).keysets;
    if (keyset === undefined) throw new Error('the mint has no keys');
    Object.assign(state, { url, secret: fromHex(secret), keyset });
  },
  prepareMints({ quotes, amounts }: { quotes: readonly string[]; amounts: readonly number[] }): void {
    for (const quote of quotes) {
      const outputs = amounts.map(blind);
      prepare('/v1/mint/ehash', outputs, { quote, signature: signMint(quote, outputs, state.secret) });
    }
  },
  /** Swaps of two proofs that were signed before for two of the same amounts; fewer where there are not so many proofs. */
  prepareSwaps({ count }: { count: number }): void {
    for (let made = 0; made < count && state.signed.length >= 2; made += 1) {
      const inputs = [takeProof(), takeProof()];
      prepare(
        '/v1/swap',
        inputs.map(({ amount }) => blind(amount)),
        { inputs },
      );
    }
  },
  /**
   * Sends what is prepared, `concurrency` at a time, and drops what is left when the time is up. Rejects at the first answer
   * that is not one signature for each output.
   */
  async send({ concurrency, milliseconds }: { concurrency: number; milliseconds: number }) {
    const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
    const latencies = createLatencies();
    const queue = state.prepared.splice(0).reverse();
    const startedAt = performance.now();
    const isOver = () => performance.now() - startedAt > milliseconds;
    const answers: { outputs: readonly Blinded[]; text: string }[] = [];
    const work = async () => {
      for (let next = queue.pop(); next !== undefined && !isOver(); next = queue.pop()) {
        const sentAt = performance.now();
        const text = await post(agent, next);
        latencies.add(performance.now() - sentAt);
        answers.push({ outputs: next.outputs, text });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    const seconds = (performance.now() - startedAt) / 1_000;
    agent.destroy();
    answers.forEach(({ outputs, text }) => keepSignatures(outputs, text));
    return { count: answers.length, seconds, p50Ms: latencies.quantile(0.5), p99Ms: latencies.quantile(0.99) };
  },
};

function keepSignatures(outputs: readonly Blinded[], text: string): void {
  const answer = signatures.parse(JSON.parse(text)).signatures;
  if (answer.length !== outputs.length) throw new Error(`${answer.length} signatures for ${outputs.length} outputs`);
  for (const [index, output] of outputs.entries()) {
    const { amount, C_: signature } = answer[index] ?? { amount: 0, C_: '' };
    if (amount !== output.amount) throw new Error(`a signature of ${amount} for an output of ${output.amount}`);
    state.signed.push({ output, signature });
  }
}

export type WalletProgram = typeof calls;

serveProgram(calls);
