import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A job as `mining.notify` gives it; hex as on the wire. */
export interface StratumJob {
  readonly id: string;
  readonly prevHash: string;
  readonly coinbasePrefix: string;
  readonly coinbaseSuffix: string;
  readonly branch: readonly string[];
  readonly version: string;
  readonly bits: string;
  readonly ntime: string;
  readonly clean: boolean;
}

export interface StratumHandlers {
  job(job: StratumJob, extranonce1: string, difficulty: number): void;
  closed(): void;
}

/** What the pool said to one submit: `true`, or the reason of its refusal. */
export type SubmitAnswer = true | string;

export interface StratumClient {
  submit(job: string, extranonce2: string, ntime: string, nonce: string): Promise<SubmitAnswer>;
  close(): void;
}

const message = z.object({
  id: z.union([z.number(), z.string(), z.null()]).optional(),
  method: z.string().optional(),
  params: z.array(z.unknown()).optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});
const notify = z.tuple([
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.array(z.string()),
  z.string(),
  z.string(),
  z.string(),
  z.boolean(),
]);
const subscribed = z.tuple([z.unknown(), z.string(), z.number()]);
const refusal = z.tuple([z.number(), z.string()]).rest(z.unknown());

/** Connects, subscribes and authorizes as an ordinary Stratum V1 miner without extensions. */
export async function connectStratum(
  place: { readonly host: string; readonly port: number },
  login: { readonly username: string; readonly password: string; readonly agent: string },
  handlers: StratumHandlers,
): Promise<StratumClient> {
  const socket = await openStratum(place);
  const waiting = new Map<number, (answer: z.infer<typeof message>) => void>();
  const state = { nextId: 1, extranonce1: '', difficulty: 1 };

  const ask = (method: string, params: readonly unknown[]) => {
    const id = state.nextId++;
    socket.write(`${JSON.stringify({ id, method, params })}\n`);
    return new Promise<z.infer<typeof message>>((resolve) => waiting.set(id, resolve));
  };
  const onPush = (method: string, params: readonly unknown[]) => {
    if (method === 'mining.set_difficulty') state.difficulty = z.number().parse(params[0]);
    if (method === 'mining.set_extranonce') state.extranonce1 = z.string().parse(params[0]);
    if (method === 'mining.notify') handlers.job(toJob(params), state.extranonce1, state.difficulty);
  };

  const lines = createInterface({ input: socket });
  lines.on('line', (line) => {
    const parsed = message.parse(JSON.parse(line));
    if (parsed.method !== undefined) onPush(parsed.method, parsed.params ?? []);
    else if (typeof parsed.id === 'number') settle(waiting, parsed.id, parsed);
  });
  // The reader repeats the socket's errors; each is followed by the socket's `close`.
  lines.on('error', () => undefined);
  socket.once('close', () => {
    for (const resolve of waiting.values()) resolve({ result: null, error: [0, 'connection-closed', null] });
    waiting.clear();
    handlers.closed();
  });

  const answer = await ask('mining.subscribe', [login.agent]);
  state.extranonce1 = subscribed.parse(answer.result)[1];
  const authorized = await ask('mining.authorize', [login.username, login.password]);
  if (authorized.result !== true) throw new Error(`the pool refused ${login.username}: ${reasonOf(authorized.error)}`);
  return {
    submit: async (job, extranonce2, ntime, nonce) => {
      const given = await ask('mining.submit', [login.username, job, extranonce2, ntime, nonce]);
      return given.result === true ? true : reasonOf(given.error);
    },
    close: () => socket.destroy(),
  };
}

function settle<T>(waiting: Map<number, (answer: T) => void>, id: number, answer: T): void {
  waiting.get(id)?.(answer);
  waiting.delete(id);
}

/** A connection that stands. */
export function openStratum(place: { readonly host: string; readonly port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(place.port, place.host);
    socket.setNoDelay(true);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
    // After the connection stands an error is followed by `close`, which is what counts.
    socket.on('error', () => undefined);
  });
}

function toJob(params: readonly unknown[]): StratumJob {
  const [id, prevHash, coinbasePrefix, coinbaseSuffix, branch, version, bits, ntime, clean] = notify.parse(params);
  return { id, prevHash, coinbasePrefix, coinbaseSuffix, branch, version, bits, ntime, clean };
}

function reasonOf(error: unknown): string {
  const parsed = refusal.safeParse(error);
  return parsed.success ? parsed.data[1] : 'refused';
}
