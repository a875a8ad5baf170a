import { FakeClock } from '@assay/testkit/fake-clock';
import { Session, type SessionPool } from '../src/adapters/stratum/session.ts';
import { parseMessage } from '../src/adapters/stratum/message.ts';
import { PrefixBook } from '../src/adapters/stratum/prefix-book.ts';
import type { Limit } from '../src/edge-telemetry.ts';
import type { ShareResult } from '../src/flows/judge-share.ts';
import { JobBoard } from '../src/flows/job-board.ts';
import type { Template } from '../src/domain/template.ts';
import { edgeTemplate } from './edge-template.ts';

export const KEY = '02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5';
export const OTHER_KEY = '02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9';

export type Line = Readonly<Record<string, unknown>>;

export interface BenchOptions {
  readonly bounds?: { readonly min: number; readonly max: number };
  readonly lastK?: number;
  /** What the judge says of the next shares, in order; accepted when it is used up. */
  readonly verdicts?: ShareResult[];
}

/** Sessions on one board without a socket: what they are told, what they say, and what closed them. */
export function sessionBench(options: BenchOptions = {}) {
  const clock = new FakeClock();
  const board = new JobBoard({ clock, maxAgeMs: 180_000, staleGraceMs: 2_000, firstCounter: 0 });
  const released: number[] = [];
  let next = 0x00400000;
  const source = { take: () => next++, release: (prefix: number) => void released.push(prefix) };
  const prefixes = new PrefixBook(source, clock);
  const pool: SessionPool = {
    ...{ clock, board, prefixes, versionMask: 0x1fffe000, handshakeMs: 15_000, idleMs: 1_800_000 },
    rules: {
      bounds: () => options.bounds ?? { min: 0, max: 44 },
      ...{ startK: 10, sharesPerMinute: 6, jobTtlMs: 600_000 },
    },
    lastK: async () => options.lastK,
    judge: async (session, params) => {
      const verdict = options.verdicts?.shift();
      const job = session.sentJob(String(params[1]));
      const worker = session.worker(String(params[0]));
      if (verdict !== undefined) return verdict;
      if (worker === undefined) return { accepted: false, reason: 'unauthorized' };
      return job === undefined
        ? { accepted: false, reason: 'job-not-found' }
        : { accepted: true, worker, k: job.job.k };
    },
    joined: () => undefined,
  };
  const offer = (template: Template = edgeTemplate()) =>
    board.post({ template, curtime: template.minNtime, fetchedAt: clock.now() });
  return { clock, board, pool, released, offer, open: () => openSession(pool, board) };
}

function openSession(pool: SessionPool, board: JobBoard) {
  let lines: Line[] = [];
  const closed: (Limit | 'asked')[] = [];
  const session = new Session(pool, {
    send: (text) => {
      for (const line of text.trimEnd().split('\n')) lines.push(JSON.parse(line) as Line);
    },
    close: (limit) => void closed.push(limit ?? 'asked'),
  });
  board.onWork(({ clean }) => session.work.offer(clean));
  const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
  return {
    session,
    closed,
    /** What was said since the last call. */
    async said(): Promise<readonly Line[]> {
      await turn();
      const said = lines;
      lines = [];
      return said;
    },
    tell: (method: string, params: readonly unknown[], id: unknown = 1) =>
      session.receive(parseMessage(JSON.stringify({ id, method, params }))),
    receive: (line: string) => session.receive(parseMessage(line)),
  };
}

/** `method params` of a push, or `result`/`error` of an answer: what order rules are about. */
export function short(line: Line): string {
  if (line['method'] !== undefined) {
    const params = line['params'] as readonly unknown[];
    return line['method'] === 'mining.notify'
      ? `notify clean=${String(params[8])}`
      : `${String(line['method'])} ${String(params[0])}`;
  }
  const [code, reason] = (line['error'] ?? []) as readonly unknown[];
  return line['error'] === null
    ? JSON.stringify(line['result'])
    : `${JSON.stringify(line['result'])} ${String(code)} ${String(reason)}`;
}
