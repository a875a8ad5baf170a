import { z } from 'zod';
import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve } from '@assay/shared/kernel/cashu-curve';
import { createLatencies } from '../load/latencies.ts';
import { blind, type Blinded, type Proof, signMint, unblind } from './blinding.ts';
import { type KeptConnection, openConnection, renderPost } from './kept-connection.ts';
import { serveProgram } from './program.ts';

/** One request with everything computed, so that sending it costs next to nothing. */
interface Prepared {
  readonly path: string;
  /** As it goes over the wire. */
  readonly bytes: Buffer;
  /** Takes the answer in, after all were sent. @throws Error when it is not what it should be */
  readonly take: (text: string) => void;
}

const keysAnswer = z.object({
  keysets: z.array(z.object({ id: z.string(), unit: z.string(), keys: z.record(z.string(), z.string()) })),
});
const keysetsAnswer = z.object({
  keysets: z.array(z.object({ id: z.string(), active: z.boolean(), input_fee_ppk: z.number().optional() })),
});
const signatures = z.object({ signatures: z.array(z.object({ amount: z.number(), C_: z.string() })) });
const states = z.object({ states: z.array(z.object({ Y: z.string(), state: z.enum(['SPENT', 'UNSPENT']) })) });
/** Secrets of spent proofs that are kept to ask for their states. */
const SPENT_KEPT = 500;

const state = {
  urls: [] as readonly string[],
  secret: new Uint8Array(32),
  keyset: { id: '', keys: {} as Readonly<Record<string, string>> },
  prepared: [] as Prepared[],
  signed: [] as { readonly output: Blinded; readonly signature: string }[],
  spent: [] as string[],
};

function prepare(path: string, outputs: readonly Blinded[], fields: object): void {
  const rendered = outputs.map(({ amount, point }) => ({ amount, id: state.keyset.id, B_: point }));
  prepareRequest(path, { ...fields, outputs: rendered }, (text) => keepSignatures(outputs, text));
}

function prepareRequest(path: string, body: object, take: Prepared['take']): void {
  // Mints that are one to a wallet look at no host.
  const bytes = renderPost(`${state.urls[0]}${path}`, JSON.stringify(body));
  state.prepared.push({ path, bytes, take });
}

function takeProof(): Proof {
  const taken = state.signed.pop();
  if (taken === undefined) throw new Error('no proof is left to swap');
  const key = state.keyset.keys[String(taken.output.amount)] ?? '';
  if (state.spent.length < SPENT_KEPT) state.spent.push(taken.output.secret);
  return unblind(taken.output, taken.signature, { id: state.keyset.id, key });
}

/** The keyset that wallets would mint with now; one that charges nothing, so that swaps keep their amounts. */
async function activeKeyset(url: string, unit: string) {
  const asked = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  const { keysets } = keysetsAnswer.parse(await asked('/v1/keysets'));
  const usable = new Set(
    keysets.filter(({ active, input_fee_ppk: fee = 0 }) => active && fee === 0).map(({ id }) => id),
  );
  const found = keysAnswer
    .parse(await asked('/v1/keys'))
    .keysets.find((each) => each.unit === unit && usable.has(each.id));
  if (found === undefined) throw new Error(`${url} has no active keyset of unit ${unit} without a fee`);
  return found;
}

async function post(connection: KeptConnection, { path, bytes }: Prepared): Promise<string> {
  const { status, text } = await connection.send(bytes);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text.slice(0, 200)}`);
  return text;
}

const calls = {
  /**
   * @param urls of mints that are one mint to a wallet
   * @param secret of the key that all quotes are locked to, hex; empty when none is
   */
  async open({ urls, unit, secret }: { urls: readonly string[]; unit: string; secret: string }): Promise<void> {
    const keyset = await activeKeyset(urls[0] ?? '', unit);
    Object.assign(state, { urls, secret: fromHex(secret), keyset });
  },
  prepareMints({ method, quotes, amounts, locked }: MintsToPrepare): void {
    for (const quote of quotes) {
      const outputs = amounts.map(blind);
      const proof = locked ? { signature: signMint(quote, outputs, state.secret) } : {};
      prepare(`/v1/mint/${method}`, outputs, { quote, ...proof });
    }
  },
  /** One request that mints from all quotes what each is asked to give. */
  prepareBatch({ method, quotes, shares, amounts }: BatchToPrepare): void {
    const outputs = amounts.map(blind);
    const proofs = quotes.map((quote) => signMint(quote, outputs, state.secret));
    prepare(`/v1/mint/${method}/batch`, outputs, { quotes, quote_amounts: shares, signatures: proofs });
  },
  /** Swaps of `size` proofs that were signed before for as many of the same amounts; fewer where there are too few. */
  prepareSwaps({ count, size }: { count: number; size: number }): void {
    for (let made = 0; made < count && state.signed.length >= size; made += 1) {
      const inputs = Array.from({ length: size }, takeProof);
      prepare(
        '/v1/swap',
        inputs.map(({ amount }) => blind(amount)),
        { inputs },
      );
    }
  },
  /** Questions for the states of `size` proofs, half of them spent where there are so many. */
  prepareChecks({ count, size }: { count: number; size: number }): void {
    const unspent = state.signed.slice(-SPENT_KEPT).map(({ output }) => output.secret);
    const points = [...state.spent, ...unspent].map((secret) => toHex(hashToCurve(utf8(secret))));
    for (let made = 0; made < count; made += 1) {
      const Ys = Array.from({ length: size }, (_, index) => points[(made + 7 * index) % points.length] ?? '');
      prepareRequest('/v1/checkstate', { Ys }, (text) => assertStates(Ys, text));
    }
  },
  /**
   * Sends what is prepared, `concurrency` at a time, and drops what is left when the time is up. Rejects at the first answer
   * that is not one signature for each output.
   */
  async send({ concurrency, mints, milliseconds }: { concurrency: number; mints: number; milliseconds: number }) {
    const places = Array.from({ length: concurrency }, (_, worker) => state.urls[worker % mints] ?? '');
    const connections = await Promise.all(places.map(openConnection));
    const latencies = createLatencies();
    const queue = state.prepared.splice(0).reverse();
    const startedAt = performance.now();
    const isOver = () => performance.now() - startedAt > milliseconds;
    const answers: { take: Prepared['take']; text: string }[] = [];
    const work = async (connection: KeptConnection) => {
      for (let next = queue.pop(); next !== undefined && !isOver(); next = queue.pop()) {
        const sentAt = performance.now();
        const text = await post(connection, next);
        latencies.add(performance.now() - sentAt);
        answers.push({ take: next.take, text });
      }
    };
    await Promise.all(connections.map(work));
    const seconds = (performance.now() - startedAt) / 1_000;
    for (const connection of connections) connection.close();
    answers.forEach(({ take, text }) => take(text));
    return { count: answers.length, seconds, p50Ms: latencies.quantile(0.5), p99Ms: latencies.quantile(0.99) };
  },
};

interface MintsToPrepare {
  readonly method: string;
  readonly quotes: readonly string[];
  /** Of the outputs of each request. */
  readonly amounts: readonly number[];
  readonly locked: boolean;
}

interface BatchToPrepare {
  readonly method: string;
  readonly quotes: readonly string[];
  /** What each quote gives. */
  readonly shares: readonly number[];
  readonly amounts: readonly number[];
}

function assertStates(ys: readonly string[], text: string): void {
  const answer = states.parse(JSON.parse(text)).states;
  const isInOrder = answer.length === ys.length && answer.every(({ Y }, index) => Y === ys[index]);
  if (!isInOrder) throw new Error('the states are not of the points that were asked for, in their order');
}

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
