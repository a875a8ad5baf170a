import type { Socket } from 'node:net';
import { headerOf, shareHash } from '../miner/header.ts';
import { openStratum, type StratumJob } from '../miner/stratum-client.ts';

export interface SentShare {
  readonly dueAt: number;
  readonly job: StratumJob;
  readonly extranonce1: string;
  readonly extranonce2: string;
  readonly nonce: number;
}

/** Header hash (hex, internal order) of a share that was sent. */
export function hashOf(share: SentShare): string {
  return shareHash(headerOf(share.job, share.extranonce1, share.extranonce2), share.nonce);
}

export interface LoadConnection {
  /** Sends one share, due at the given instant of performance.now(). */
  submit(dueAt: number): void;
  /** From now on sends a new share for each answer, so that `count` are unanswered. */
  keepInFlight(count: number): void;
  close(): void;
  /** Resolves with the number of shares that were never answered. */
  readonly closed: Promise<number>;
}

interface Login {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly ntime?: string;
}

const SUBSCRIBE_ID = 1;
const AUTHORIZE_ID = 2;
const FIRST_SUBMIT_ID = 10;

/** Opens one connection; resolves when the first job is there. Answers are read without a JSON parser: load must be cheap. */
export async function openLoadConnection(
  login: Login,
  answered: (share: SentShare, answer: true | string) => void,
): Promise<LoadConnection> {
  const socket = await openStratum(login);
  const waiting = new Map<number, SentShare>();
  const state = { nextId: FIRST_SUBMIT_ID, extranonce1: '', extranonce2: 0, inFlight: 0 };
  let job: StratumJob | undefined;
  let ready: () => void = () => undefined;
  const hasJob = new Promise<void>((resolve) => (ready = resolve));
  const closed = new Promise<number>((resolve) => socket.once('close', () => resolve(waiting.size)));

  const submit = (dueAt: number) => {
    if (job === undefined) return;
    const id = state.nextId++;
    const nonce = id >>> 0;
    const extranonce2 = (state.extranonce2++).toString(16).padStart(16, '0');
    waiting.set(id, { dueAt, job, extranonce1: state.extranonce1, extranonce2, nonce });
    const params = `["${login.username}","${job.id}","${extranonce2}","${login.ntime ?? job.ntime}","${nonce.toString(16).padStart(8, '0')}"]`;
    socket.write(`{"id":${id},"method":"mining.submit","params":${params}}\n`);
  };
  const fill = () => {
    socket.cork();
    while (waiting.size < state.inFlight && job !== undefined) submit(performance.now());
    socket.uncork();
  };
  const onLine = (line: string) => {
    if (line.includes('"method":"mining.notify"')) {
      job = jobIn(line);
      ready();
      return;
    }
    const id = Number(/"id":(\d+)/.exec(line)?.[1] ?? 0);
    if (id === SUBSCRIBE_ID) state.extranonce1 = /\],"([0-9a-f]{8})",8\]/.exec(line)?.[1] ?? '';
    const share = waiting.get(id);
    if (share === undefined) return;
    waiting.delete(id);
    answered(share, line.includes('"result":true') ? true : (/"error":\[\d+,"([^"]+)"/.exec(line)?.[1] ?? 'refused'));
  };
  readLines(socket, onLine, fill);
  socket.write(`{"id":${SUBSCRIBE_ID},"method":"mining.subscribe","params":["assay-load/0.1"]}\n`);
  const authorize = [login.username, login.password];
  socket.write(`{"id":${AUTHORIZE_ID},"method":"mining.authorize","params":${JSON.stringify(authorize)}}\n`);
  const ended = closed.then(() => Promise.reject(new Error('the pool closed the connection before a job came')));
  await Promise.race([hasJob, ended]);
  ended.catch(() => undefined);
  return {
    submit,
    keepInFlight: (count) => {
      state.inFlight = count;
      fill();
    },
    close: () => socket.destroy(),
    closed,
  };
}

function readLines(socket: Socket, onLine: (line: string) => void, afterChunk: () => void): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
    afterChunk();
  });
}

function jobIn(line: string): StratumJob | undefined {
  const { params } = JSON.parse(line) as {
    params: [string, string, string, string, string[], string, string, string, boolean];
  };
  const [id, prevHash, coinbasePrefix, coinbaseSuffix, branch, version, bits, ntime, clean] = params;
  return { id, prevHash, coinbasePrefix, coinbaseSuffix, branch, version, bits, ntime, clean };
}
