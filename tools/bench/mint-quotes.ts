import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { ensureStreams } from '@assay/shared/runtime/nats';
import { type HostilePool, type Miner, startHostilePool } from '@assay/testkit/hostile-pool';
import { signVerdict } from '@assay/testkit/hostile-verdict';
import { POOL_ID } from '../stack/service-plan.ts';
import { findQuotes } from '../wallet/find-quotes.ts';
import { type BenchContext, type Figures, rounded } from './benchmark.ts';
import { measureCpu } from './cpu-usage.ts';
import type { Deployment } from './deployment.ts';
import { publishAll, untilStreamHolds } from './event-flow.ts';

/** Every hash meets it: the mint looks at no share. */
const ANY_HASH = new Uint8Array(32).fill(0xff);

/** PAID quotes by amount; taken ones are gone. */
export class QuoteStock {
  readonly #left = new Map<number, string[]>();

  add(quote: { readonly id: string; readonly amount: number }): void {
    const known = this.#left.get(quote.amount);
    if (known === undefined) this.#left.set(quote.amount, [quote.id]);
    else known.push(quote.id);
  }

  /** @throws Error when there are not so many */
  take(amount: number, count: number): string[] {
    const taken = this.#left.get(amount)?.splice(0, count) ?? [];
    if (taken.length < count) throw new Error(`${taken.length} of ${count} quotes of ${amount} are left`);
    return taken;
  }
}

/** Pool and auditor of a benchmark: they say what the mint makes quotes of. */
export interface QuoteMaker {
  readonly miner: Miner;
  make(context: BenchContext, wanted: readonly number[]): Promise<{ stock: QuoteStock; figures: Figures }>;
  stop(): Promise<void>;
}

export async function startQuoteMaker(deployment: Deployment, url: string): Promise<QuoteMaker> {
  const poolSecret = secretIn(deployment.identity.poolKeyFile);
  const pool = await startHostilePool({ natsUrl: deployment.natsUrl, poolId: POOL_ID, creditShift: 0, poolSecret });
  await ensureStreams(pool.bus, 'auditor', ['AUDITOR']);
  const maker = { deployment, pool, url, miner: pool.newMiner() };
  return { miner: maker.miner, make: (context, wanted) => makeQuotes(maker, context, wanted), stop: () => pool.stop() };
}

interface Maker {
  readonly deployment: Deployment;
  readonly pool: HostilePool;
  readonly miner: Miner;
  readonly url: string;
}

/** PAID quotes of these amounts: the mint hears of the batches, makes the quotes, hears of the verdicts, settles them. */
async function makeQuotes(maker: Maker, context: BenchContext, wanted: readonly number[]) {
  const { pool, miner, deployment } = maker;
  context.tell(`mint: preparing ${wanted.length} batches and verdicts`);
  const { declared } = pool.build(pool.parts());
  const shares = pool.mine(declared, 1, { target: ANY_HASH });
  const batches = wanted.map((amount) =>
    pool.batch(miner, declared, shares, (batch) => ({ ...batch, creditSum: BigInt(amount) }), { target: ANY_HASH }),
  );
  const auditorSecret = secretIn(deployment.identity.auditorKeyFile);
  const verdicts = batches.map((batch) => signVerdict(batch, {}, auditorSecret));
  const created = await measureEvents(maker, batches.length, () =>
    publishAll(pool.bus, 'pool.batch.accepted', batches),
  );
  const settled = await measureEvents(maker, verdicts.length, () =>
    publishAll(pool.bus, 'auditor.verdict.given', verdicts),
  );
  context.tell(`mint: ${created.perS} quotes/s created, ${settled.perS} quotes/s settled`);
  const stock = await stockOf(maker, wanted.length);
  return { stock, figures: { count: wanted.length, created, settled } };
}

async function stockOf({ url, miner }: Maker, wanted: number): Promise<QuoteStock> {
  const info = (await (await fetch(`${url}/v1/info`)).json()) as { pubkey?: string };
  const key = { secret: miner.secret, locking: toHex(miner.lockingKey) };
  const found = await findQuotes(url, info.pubkey ?? '', key, true);
  if (found.length !== wanted) throw new Error(`${found.length} of ${wanted} quotes can be minted`);
  const stock = new QuoteStock();
  for (const { quote, amount } of found) stock.add({ id: quote, amount });
  return stock;
}

/** From the first publish until the mint has published as many events of its own. */
async function measureEvents({ pool, deployment }: Maker, count: number, publish: () => Promise<void>) {
  const { state } = await pool.bus.jsm.streams.info('MINT');
  const used = measureCpu({ ...deployment.pids(), load: process.pid });
  const startedAt = performance.now();
  await publish();
  await untilStreamHolds(pool.bus, 'MINT', state.messages + count);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perS: rounded(count / seconds), seconds: rounded(seconds), cpuSeconds: used() };
}

function secretIn(file: string): Uint8Array {
  return fromHex(readFileSync(file, 'utf8').trim());
}
