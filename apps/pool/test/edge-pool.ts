import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@assay/shared/kernel/clock';
import { schnorrSign } from '@assay/shared/kernel/schnorr';
import { LEASES } from '@assay/shared/runtime/leases';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { type TestContext, testContext } from '@assay/testkit/context';
import type { TestDatabase } from '@assay/testkit/mongo';
import { nodeHasher } from '../src/adapters/hashing/node-hasher.ts';
import { POOL_COLLECTIONS } from '../src/adapters/mongo/collections.ts';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import { serveStratum, type StratumSettings } from '../src/adapters/stratum/serve.ts';
import { runPool } from '../src/adapters/timers/run-pool.ts';
import { assemblePool, type Pool, type PoolRules } from '../src/flows/assemble-pool.ts';
import type { ChainNode } from '../src/node-port.ts';
import { SETTINGS } from './edge-template.ts';

const SECRET = new Uint8Array(32).fill(3, 31);
const WAIT_MS = 20_000;

export interface EdgeOptions {
  readonly database: TestDatabase;
  readonly nodes: readonly ChainNode[];
  readonly clock?: Clock;
  /** Whether it makes templates; else it follows. */
  readonly makes?: boolean;
  readonly rules?: Partial<PoolRules>;
  readonly limits?: Partial<StratumSettings['limits']>;
  readonly stratum?: Partial<StratumSettings>;
}

export interface EdgePool {
  readonly pool: Pool;
  readonly port: number;
  readonly context: TestContext;
}

/** One instance with real timers, sockets and database, without NATS: nothing at the edge waits for it. */
export async function startEdgePool(options: EdgeOptions): Promise<EdgePool> {
  const context = testContext({ name: 'pool', ...(options.clock === undefined ? {} : { clock: options.clock }) });
  const { db } = options.database;
  await ensureCollections(db, [...POOL_COLLECTIONS, LEASES]);
  const ports = {
    ...mongoStores(db, poolEvents),
    clock: context.clock,
    instance: context.instance,
    signer: { sign: async (digest: Uint8Array) => schnorrSign(digest, SECRET) },
    hashShare: nodeHasher(),
    nodes: options.nodes,
    submitNodes: [],
    mayMake: () => options.makes ?? true,
    pause: (ms: number) => pause(ms),
    reportFault: () => undefined,
  };
  const pool = assemblePool(ports, { ...RULES, ...options.rules });
  await runPool(context, pool, { isTracker: () => true, isSweeper: () => true }, 50);
  await until(() => pool.board.isFresh());
  const limits = { ...LIMITS, ...options.limits };
  const port = await serveStratum(context, pool, { ...STRATUM, ...options.stratum, limits });
  return { pool, port, context };
}

const RULES: PoolRules = {
  template: SETTINGS,
  judge: { jobTtlMs: 600_000, staleGraceMs: 2_000, ntimeAheadS: 7_000, maxPendingShares: 50_000 },
  creditShift: 16,
  windowMs: 500,
  orphanMs: 1_000,
  retentionMs: 400 * 86_400_000,
  storeTimeoutMs: 5_000,
  refreshMs: 30_000,
  maxAgeMs: 180_000,
  prefixRestMs: 86_400_000,
  wantedSlot: undefined,
  // Nearly every hash meets target(−32): shares without mining.
  difficulty: { min: -32, max: 28 },
  auditorKeys: [],
};

const LIMITS = {
  ...{ lineBytes: 16_384, outputBytes: 1_048_576, messagesBurst: 200, messagesPerS: 20 },
  ...{ connections: 1_000, perAddress: 1_000, newPerAddressS: 1_000 },
};

const STRATUM = {
  ...{
    host: '127.0.0.1',
    port: 0,
    publicHost: undefined,
    handshakeMs: 15_000,
    idleMs: 1_800_000,
    startK: -32,
    sharesPerMinute: 6,
  },
};

/** Waits for real time to bring what the test expects. */
export async function until(done: () => boolean | Promise<boolean>, ms = WAIT_MS): Promise<void> {
  for (let waited = 0; !(await done()); waited += 20) {
    if (waited >= ms) throw new Error('it did not happen in time');
    await pause(20);
  }
}

type Line = { readonly id?: unknown; readonly method?: string; readonly params?: readonly unknown[] } & {
  readonly result?: unknown;
  readonly error?: readonly unknown[] | null;
};

/** A client of plain lines. */
export async function dial(port: number) {
  const socket: Socket = connect(port, '127.0.0.1');
  const lines: Line[] = [];
  const state = { closed: false };
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((line) => JSON.parse(line) as Line));
  });
  socket.on('error', () => undefined);
  socket.on('close', () => (state.closed = true));
  await new Promise<void>((resolve) => void socket.once('connect', resolve).once('close', resolve));
  const find = async (wanted: (line: Line) => boolean): Promise<Line> => {
    await until(() => lines.some(wanted));
    const [line] = lines.splice(lines.findIndex(wanted), 1);
    if (line === undefined) throw new Error('the line is there');
    return line;
  };
  return {
    socket,
    lines,
    write: (text: string) => void socket.write(text),
    send: (id: unknown, method: string, params: readonly unknown[]) =>
      void socket.write(`${JSON.stringify({ id, method, params })}\n`),
    answer: (id: unknown) => find((line) => line.id === id),
    push: (method: string) => find((line) => line.method === method),
    closed: () => until(() => state.closed),
    isClosed: () => state.closed,
    close: () => void socket.destroy(),
  };
}

export type Client = Awaited<ReturnType<typeof dial>>;
