import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { publicKeyOf, schnorrSign } from '@assay/shared/kernel/schnorr';
import { describedEndpoints, hostileBodies } from '@assay/testkit/hostile-json';
import { serveProgram } from '../bench/program.ts';

// Every way of being a bad client that is known to cost something. Only ever against this machine.

const HOST = '127.0.0.1';
/** Attackers come from other addresses of this machine than honest wallets, as they would. */
const ADDRESSES = Array.from({ length: 20 }, (_, at) => `127.0.1.${at + 1}`);
const IDLE_SOCKETS = 10_000;
const DEAF_SOCKETS = 200;
const SUBSCRIPTIONS = 20;
const UPGRADE = [
  ...['GET /v1/ws HTTP/1.1', `Host: ${HOST}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  ...[`Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`, '', ''],
].join('\r\n');
const OPENED_AT_ONCE = 100;
const MEBIBYTE = 1_048_576;
const KEYS_OF_LOCK = 28;
const CLOSED_PAUSE_MS = 20;

interface Shot {
  readonly path: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Attack {
  readonly isOver: () => boolean;
  /** Answers by status; `cut` without one. */
  readonly told: (status: number | 'cut') => void;
}

interface State {
  port: number;
  keyset: string;
  points: readonly string[];
  megabyte: Uint8Array;
  shots: readonly Shot[];
}

const state: State = { port: 0, keyset: '', points: [], megabyte: new Uint8Array(0), shots: [] };

function shoot(address: string, { path, body, headers = {} }: Shot): Promise<number | 'cut'> {
  return new Promise((resolve) => {
    const method = body === undefined ? 'GET' : 'POST';
    const options = { host: HOST, port: state.port, path, method, headers, localAddress: address, timeout: 30_000 };
    const sent = request(options, (answer) => {
      answer.resume().once('close', () => resolve(answer.statusCode ?? 'cut'));
    });
    sent.once('timeout', () => sent.destroy()).once('error', () => resolve('cut'));
    sent.end(body);
  });
}

/** As many shots in flight as asked, each from the next address, until it is over. */
function shooting(inFlight: number, next: () => Shot) {
  return async ({ isOver, told }: Attack) => {
    const work = async (_: unknown, worker: number) => {
      for (let turn = worker; !isOver(); turn += inFlight) {
        const status = await shoot(ADDRESSES[turn % ADDRESSES.length] ?? HOST, next());
        told(status);
        if (status === 'cut') await wait(CLOSED_PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: inFlight }).map(work));
  };
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const point = (at: number) => state.points[at % state.points.length] ?? '';
let shot = 0;

/** Always another order, so that nothing is the same request again. */
const turnedPoints = () => {
  const from = (shot += 37) % state.points.length;
  return [...state.points.slice(from), ...state.points.slice(0, from)];
};

/** Balanced, of known keysets, on the curve: only the signatory finds that nobody signed them. */
function falseProofs(): Shot {
  shot += 1;
  const id = state.keyset;
  const inputs = Array.from({ length: 1_000 }, (_, at) => ({
    amount: 1,
    id,
    secret: toHex(randomBytes(16)),
    C: point(at),
  }));
  const outputs = Array.from({ length: 900 }, (_, at) => ({ amount: 1, id, B_: point(at) }));
  return { path: '/v1/swap', body: json({ inputs, outputs }) };
}

/** As many inputs as a megabyte has, each with 28 right signatures of 28 keys; nobody signed the proofs themselves. */
function signedMegabyte(): Uint8Array {
  const keys = Array.from({ length: KEYS_OF_LOCK }, () => randomBytes(32));
  const [data, ...others] = keys.map((key) => toHex(publicKeyOf(key)));
  const tags = [
    ['pubkeys', ...others],
    ['n_sigs', String(KEYS_OF_LOCK)],
  ];
  const inputs = Array.from({ length: 170 }, (_, at) => {
    const secret = JSON.stringify(['P2PK', { nonce: toHex(randomBytes(8)), data, tags }]);
    const signatures = keys.map((key) => toHex(schnorrSign(sha256(utf8(secret)), key)));
    return { amount: 1, id: state.keyset, secret, C: point(at), witness: JSON.stringify({ signatures }) };
  });
  const outputs = Array.from({ length: 153 }, (_, at) => ({ amount: 1, id: state.keyset, B_: point(at) }));
  return json({ inputs, outputs });
}

async function idleSockets({ isOver, told }: Attack): Promise<void> {
  const sockets = new Set<Socket>();
  const open = (at: number) =>
    new Promise<void>((resolve) => {
      const localAddress = ADDRESSES[at % ADDRESSES.length] ?? HOST;
      const socket = connect({ host: HOST, port: state.port, localAddress }, resolve);
      socket.on('error', () => resolve()).once('close', () => (sockets.delete(socket), told('cut')));
      socket.resume();
      sockets.add(socket);
    });
  while (!isOver()) {
    if (sockets.size >= IDLE_SOCKETS) await wait(CLOSED_PAUSE_MS);
    else await Promise.all(Array.from({ length: OPENED_AT_ONCE }, (_, at) => open(at)));
  }
  for (const socket of sockets) socket.destroy();
}

/** Subscribes to all that it may, and reads nothing of it. */
async function deafSockets({ isOver, told }: Attack): Promise<void> {
  const listen = async (_: unknown, worker: number) => {
    while (!isOver()) {
      const localAddress = ADDRESSES[worker % ADDRESSES.length] ?? HOST;
      const socket = connect({ host: HOST, port: state.port, localAddress });
      const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()).on('error', () => undefined));
      // Never reads: there is no listener for data.
      socket.write(UPGRADE);
      for (let id = 0; id < SUBSCRIPTIONS; id += 1) {
        const params = { kind: 'proof_state', subId: `s${id}`, filters: turnedPoints().slice(0, 100) };
        socket.write(textFrame({ jsonrpc: '2.0', id, method: 'subscribe', params }));
      }
      await Promise.race([gone, untilOver(isOver)]);
      socket.destroy();
      told('cut');
    }
  };
  await Promise.all(Array.from({ length: DEAF_SOCKETS }).map(listen));
}

/** RFC 6455: a text of less than 64 KiB, masked with zeros. */
function textFrame(message: object): Buffer {
  const payload = json(message);
  const head = Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}

async function untilOver(isOver: () => boolean): Promise<void> {
  while (!isOver()) await wait(CLOSED_PAUSE_MS);
}

const bomb = () => ({
  path: '/v1/swap',
  body: gzipSync(Buffer.alloc(MEBIBYTE)),
  headers: { 'content-encoding': 'gzip' },
});
const tinyValues = Buffer.from(`{"inputs":[${'{},'.repeat(349_000)}{}]}`);
const zipped = { 'accept-encoding': 'br' };

const ATTACKS: Readonly<Record<string, (attack: Attack) => Promise<void>>> = {
  fuzz: shooting(16, () => state.shots[(shot += 1) % state.shots.length] ?? { path: '/' }),
  falseProofs: shooting(4, falseProofs),
  signedMegabytes: shooting(4, () => ({ path: '/v1/swap', body: state.megabyte })),
  tinyValues: shooting(4, () => ({ path: '/v1/swap', body: tinyValues })),
  states: shooting(8, () => ({ path: '/v1/checkstate', body: json({ Ys: turnedPoints() }) })),
  restores: shooting(8, () => ({
    path: '/v1/restore',
    body: json({ outputs: turnedPoints().map((B_) => ({ B_ })) }),
  })),
  gzipBombs: shooting(16, bomb),
  descriptions: shooting(16, () => ({ path: (shot += 1) % 2 ? '/openapi.json' : '/v1/keys', headers: zipped })),
  idleSockets,
  deafSockets,
};

const calls = {
  async open({ url, keyset }: { url: string; keyset: string }): Promise<string[]> {
    state.port = Number(new URL(url).port);
    state.keyset = keyset;
    state.points = Array.from({ length: 1_000 }, () => toHex(publicKeyOf(randomBytes(32))));
    state.megabyte = signedMegabyte();
    const endpoints = describedEndpoints(await (await fetch(`${url}/openapi.json`)).json());
    state.shots = endpoints
      .filter(({ method }) => method === 'POST')
      .flatMap((endpoint) => fc.sample(hostileBodies(endpoint), 60).map(({ bytes }) => shotAt(endpoint.path, bytes)));
    return Object.keys(ATTACKS);
  },
  /** One kind of attack for so long; how it was answered, by status. */
  async attack({ name, seconds }: { name: string; seconds: number }): Promise<Record<string, number>> {
    const until = performance.now() + 1_000 * seconds;
    const answers: Record<string, number> = {};
    const told = (status: number | 'cut') => (answers[status] = (answers[status] ?? 0) + 1);
    await ATTACKS[name]?.({ isOver: () => performance.now() > until, told });
    return answers;
  },
};

function shotAt(path: string, body: Uint8Array): Shot {
  return { path: path.replaceAll(/\{\w+\}/g, 'bolt11'), body: Buffer.from(body) };
}

export type AttackerProgram = typeof calls;

serveProgram(calls);
