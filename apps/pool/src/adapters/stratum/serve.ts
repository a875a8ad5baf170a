import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Worker } from '../../domain/share.ts';
import type { Pool } from '../../flows/assemble-pool.ts';
import { PrefixBook } from './prefix-book.ts';
import { startStratum, type StratumOptions } from './server.ts';
import type { SessionPool } from './session.ts';

export interface StratumSettings extends StratumOptions {
  readonly handshakeMs: number;
  readonly idleMs: number;
  readonly startK: number;
  readonly sharesPerMinute: number;
}

const TICK_MS = 1_000;
const DAY_MS = 86_400_000;
const ANSWERS_MS = 3_000;

/** Serves miners: returns the port. At stage `edge` nobody is admitted any more, and every submit is answered. */
export async function serveStratum(context: ServiceContext, pool: Pool, settings: StratumSettings): Promise<number> {
  const prefixes = new PrefixBook(pool.slot, context.clock);
  const server = await startStratum(
    sessionPool(pool, prefixes, settings),
    settings,
    () => pool.serves() && pool.slot.slot() !== undefined,
  );
  context.every('connections', TICK_MS, () => {
    if (!pool.serves()) server.closeAll();
    server.tick();
  });
  context.onStop('edge', 'stratum', async () => {
    server.stopAccepting();
    server.sendAway();
    for (let waited = 0; pool.writer.pending() > 0 && waited < ANSWERS_MS; waited += 50) await pool.ports.pause(50);
    server.closeAll();
    prefixes.releaseAll();
  });
  return server.port;
}

function sessionPool(pool: Pool, prefixes: PrefixBook, settings: StratumSettings): SessionPool {
  const { ports, rules, board, judge, counts } = pool;
  const { handshakeMs, idleMs, startK, sharesPerMinute } = settings;
  return {
    ...{ board, prefixes, handshakeMs, idleMs, judge },
    clock: ports.clock,
    rules: { bounds: pool.bounds, startK, sharesPerMinute, jobTtlMs: rules.judge.jobTtlMs },
    versionMask: rules.template.versionMask,
    lastK: (worker) => lastK(pool, worker),
    joined: (worker, agent) => {
      counts.join(worker, agent).catch((error: unknown) => ports.reportFault('count-shares', error));
    },
  };
}

/** The difficulty at which a worker mined last, if it did so within a day. */
async function lastK({ ports }: Pool, worker: Worker): Promise<number | undefined> {
  const records = await ports.workers.findAll(worker.lockingKey, worker.name);
  const newest = records.toSorted((a, b) => b.seenAt - a.seenAt)[0];
  if (newest?.lastShareAt === undefined) return undefined;
  return ports.clock.now() < newest.seenAt + DAY_MS ? newest.k : undefined;
}
