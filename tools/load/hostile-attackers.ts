import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { publicKeyOf, schnorrSign } from '@assay/shared/kernel/schnorr';
import { describedEndpoints, hostileBodies } from '@assay/testkit/hostile-json';
import { serveProgram } from '../bench/program.ts';
import { type Attack, type Shot, shooting } from './hostile-shots.ts';
import { deafSockets, idleSockets, paddedFrames } from './hostile-sockets.ts';

// Every way of being a bad client that is known to cost something. Only ever against this machine.

const HOST = '127.0.0.1';
const ADDRESSES = 20;
const MEBIBYTE = 1_048_576;
const KEYS_OF_LOCK = 28;

interface Target {
  readonly url: string;
  readonly keyset: string;
  /** A swap that was done. */
  readonly done: string;
}

interface State {
  target: Target;
  points: readonly string[];
  megabyte: Uint8Array;
  shots: readonly Shot[];
  /** Attacks until now: each comes from addresses that the mint has not seen. */
  attacks: number;
}

const state: State = {
  target: { url: '', keyset: '', done: '' },
  points: [],
  megabyte: new Uint8Array(0),
  shots: [],
  attacks: 0,
};

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
  const id = state.target.keyset;
  const inputs = Array.from({ length: 1_000 }, (_, at) => ({
    ...{ amount: 1, id, secret: toHex(randomBytes(16)), C: point(at) },
  }));
  const outputs = Array.from({ length: 900 }, (_, at) => ({ amount: 1, id, B_: point(at) }));
  return { path: '/v1/swap', body: json({ inputs, outputs }) };
}

/** As many inputs as a megabyte has, each with 28 right signatures of 28 keys; nobody signed the proofs themselves. */
function signedMegabyte(): Uint8Array {
  const id = state.target.keyset;
  const keys = Array.from({ length: KEYS_OF_LOCK }, () => randomBytes(32));
  const [data, ...others] = keys.map((key) => toHex(publicKeyOf(key)));
  const tags = [
    ['pubkeys', ...others],
    ['n_sigs', String(KEYS_OF_LOCK)],
  ];
  const inputs = Array.from({ length: 170 }, (_, at) => {
    const secret = JSON.stringify(['P2PK', { nonce: toHex(randomBytes(8)), data, tags }]);
    const signatures = keys.map((key) => toHex(schnorrSign(sha256(utf8(secret)), key)));
    return { amount: 1, id, secret, C: point(at), witness: JSON.stringify({ signatures }) };
  });
  const outputs = Array.from({ length: 153 }, (_, at) => ({ amount: 1, id, B_: point(at) }));
  return json({ inputs, outputs });
}

/** The same inputs and outputs in a body that was never sent. */
const replay = () => ({
  path: '/v1/swap',
  body: Buffer.from(state.target.done.replace('{', `{"memo":${(shot += 1)},`)),
});
const bomb = () => ({
  path: '/v1/swap',
  body: gzipSync(Buffer.alloc(MEBIBYTE)),
  headers: { 'content-encoding': 'gzip' },
});
/** More values than the mint reads, and as many as it reads. */
const tinyValues = [
  Buffer.from(`{"inputs":[${'{},'.repeat(349_000)}{}]}`),
  Buffer.from(`{"inputs":[],"outputs":[],"x":[${'{"a":"b"},'.repeat(16_000)}{}]}`),
];
const zipped = { 'accept-encoding': 'br' };

const ATTACKS: Readonly<Record<string, (attack: Attack) => Promise<void>>> = {
  fuzz: shooting(16, () => state.shots[(shot += 1) % state.shots.length] ?? { path: '/' }),
  replays: shooting(16, replay),
  falseProofs: shooting(4, falseProofs),
  signedMegabytes: shooting(4, () => ({ path: '/v1/swap', body: state.megabyte })),
  tinyValues: shooting(4, () => ({ path: '/v1/swap', body: tinyValues[(shot += 1) % 2] ?? Buffer.alloc(0) })),
  states: shooting(8, () => ({ path: '/v1/checkstate', body: json({ Ys: turnedPoints() }) })),
  restores: shooting(8, () => ({
    path: '/v1/restore',
    body: json({ outputs: turnedPoints().map((B_) => ({ B_ })) }),
  })),
  gzipBombs: shooting(16, bomb),
  descriptions: shooting(16, () => ({ path: (shot += 1) % 2 ? '/openapi.json' : '/v1/keys', headers: zipped })),
  idleSockets,
  deafSockets,
  paddedFrames,
};

const calls = {
  kinds: () => Object.keys(ATTACKS),
  async open(target: Target): Promise<void> {
    state.target = target;
    state.points = Array.from({ length: 1_000 }, () => toHex(publicKeyOf(randomBytes(32))));
    state.megabyte = signedMegabyte();
    const endpoints = describedEndpoints(await (await fetch(`${target.url}/openapi.json`)).json());
    state.shots = endpoints
      .filter(({ method }) => method === 'POST')
      .flatMap((endpoint) => fc.sample(hostileBodies(endpoint), 60).map(({ bytes }) => shotAt(endpoint.path, bytes)));
  },
  /** One kind of attack for so long; how it was answered, by status. */
  async attack({ name, seconds }: { name: string; seconds: number }): Promise<Record<string, number>> {
    const until = performance.now() + 1_000 * seconds;
    const answers: Record<string, number> = {};
    const network = `127.0.${(state.attacks += 1)}`;
    await ATTACKS[name]?.({
      host: HOST,
      port: Number(new URL(state.target.url).port),
      addressAt: (at) => `${network}.${1 + (at % ADDRESSES)}`,
      points: turnedPoints,
      isOver: () => performance.now() > until,
      told: (status) => (answers[status] = (answers[status] ?? 0) + 1),
    });
    return answers;
  },
};

function shotAt(path: string, body: Uint8Array): Shot {
  return { path: path.replaceAll(/\{\w+\}/g, 'bolt11'), body: Buffer.from(body) };
}

export type AttackerProgram = typeof calls;

serveProgram(calls);
