import { type Proof, Wallet } from '@cashu/cashu-ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NOTE_SUBJECTS } from '@assay/proto/catalogue';
import { ShareRefused } from '@assay/proto/gen/assay/pool/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import { connectNats } from '@assay/shared/runtime/nats';
import { testContext } from '@assay/testkit/context';
import { type EhashQuote, findQuotes } from '../../wallet/find-quotes.ts';
import { scrape, sumOf } from '../metrics.ts';
import { portOf } from '../port-plan.ts';
import { until } from '../until.ts';
import { EASY_SHARES, startEasyLoad } from './easy-shares.ts';
import { startTestStack, type TestStack } from './stack-fixture.ts';

// Two of each: what must happen once happens once, whichever instance is asked, and both instances do their part.

const PARALLEL = 100;

let stack: TestStack;
const mintUrl = (replica: number) => `http://127.0.0.1:${portOf(stack.options, 'mintHttp', replica)}`;

beforeAll(async () => {
  stack = await startTestStack({ ...EASY_SHARES, replicas: { pool: 2, auditor: 2, mint: 2 } });
});

afterAll(() => stack.stop());

const batchesOf = (filter: object) => stack.database('pool').collection('batches').find(filter).toArray();

async function openWallets(): Promise<readonly [Wallet, Wallet]> {
  const wallets = [0, 1].map((replica) => new Wallet(mintUrl(replica), { unit: 'hash' }));
  await Promise.all(wallets.map((wallet) => wallet.loadMint()));
  const [first, second] = wallets;
  if (first === undefined || second === undefined) throw new Error('two wallets were asked for');
  return [first, second];
}

async function mintableQuotes(wallet: Wallet, replica: number): Promise<EhashQuote[]> {
  return findQuotes(mintUrl(replica), wallet.getMintInfo().pubkey, stack.identity.wallet, true);
}

/** What each request came to: `ok`, or the code of its refusal; anything else is told as it is. */
async function outcomes(requests: readonly (() => Promise<unknown>)[]): Promise<Record<string, number>> {
  const settled = await Promise.allSettled(requests.map((request) => request()));
  const counts: Record<string, number> = {};
  for (const result of settled) {
    const reason: unknown = result.status === 'rejected' ? result.reason : undefined;
    const coded = typeof reason === 'object' && reason !== null && 'code' in reason;
    const outcome = result.status === 'fulfilled' ? 'ok' : coded ? String(reason.code) : String(reason);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

test('both pools seal batches of one key, and its sequence has no gap', { timeout: 120_000 }, async () => {
  const loads = [0, 1].map((replica) => startEasyLoad(stack, { replica, ratePerSecond: 300 }));
  await until(
    () => batchesOf({ keySeq: { $gte: 40 } }),
    (batches) => batches.length > 0,
    60_000,
  );
  await Promise.all(loads.map((load) => load.stop()));
  await until(
    () => batchesOf({ state: { $ne: 'valid' } }),
    (left) => left.length === 0,
    60_000,
  );
  const batches = await batchesOf({});
  const sequence = batches.map((batch) => Number(batch['keySeq'])).sort((a, b) => a - b);
  expect(sequence).toEqual(sequence.map((_, index) => index + 1));
  const sealedBy = stack.instances.filter(({ service }) => service === 'pool');
  for (const { metricsPort } of sealedBy) {
    expect(sumOf(await scrape([metricsPort]), 'assay_pool_batches_total', { state: 'sealed' })).toBeGreaterThan(0);
  }
});

test('both auditors judged at least a fifth of the batches', async () => {
  const auditors = stack.instances.filter(({ service }) => service === 'auditor');
  const judged = await Promise.all(
    auditors.map(async ({ metricsPort }) => sumOf(await scrape([metricsPort]), 'assay_audit_verdicts_total')),
  );
  const total = judged.reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThanOrEqual((await batchesOf({})).length);
  for (const count of judged) expect(count / total).toBeGreaterThanOrEqual(0.2);
});

test('a quote paid through one mint is minted at the other', { timeout: 60_000 }, async () => {
  const wallets = await openWallets();
  const [quote] = await mintableQuotes(wallets[0], 0);
  if (quote === undefined) throw new Error('no quote was paid');
  const config = { privkey: toHex(stack.identity.wallet.secret) };
  const proofs = await wallets[1].mintProofs('ehash', quote.amount_paid, { quote: quote.quote }, config);
  expect(proofs.reduce((sum, proof) => sum + Number(proof.amount), 0)).toBe(quote.amount_paid);
});

test(
  'a hundred mints of one quote over two instances: one success, the others are told so',
  { timeout: 60_000 },
  async () => {
    const wallets = await openWallets();
    const [quote] = await mintableQuotes(wallets[0], 0);
    if (quote === undefined) throw new Error('no quote was paid');
    const config = { privkey: toHex(stack.identity.wallet.secret) };
    const requests = await Promise.all(
      Array.from({ length: PARALLEL }, async (_, index) => {
        const wallet = wallets[index % 2] ?? wallets[0];
        const prepared = await wallet.prepareMint('ehash', quote.amount_paid, { quote: quote.quote }, config);
        return () => wallet.completeMint(prepared);
      }),
    );
    expect(await outcomes(requests)).toEqual({ ok: 1, 20002: PARALLEL - 1 });
  },
);

test(
  'a hundred swaps of one proof over two instances: one success, the others are told so',
  { timeout: 60_000 },
  async () => {
    const wallets = await openWallets();
    const [quote] = await mintableQuotes(wallets[0], 0);
    if (quote === undefined) throw new Error('no quote was paid');
    const config = { privkey: toHex(stack.identity.wallet.secret) };
    const minted = await wallets[0].mintProofs('ehash', quote.amount_paid, { quote: quote.quote }, config);
    const proof = minted.slice(0, 1) satisfies Proof[];
    const requests = await Promise.all(
      Array.from({ length: PARALLEL }, async (_, index) => {
        const wallet = wallets[index % 2] ?? wallets[0];
        const prepared = await wallet.prepareSwapToReceive(proof);
        return () => wallet.completeSwap(prepared);
      }),
    );
    expect(await outcomes(requests)).toEqual({ ok: 1, 11001: PARALLEL - 1 });
  },
);

test('a refused share is told live, in no stream', { timeout: 60_000 }, async () => {
  const context = testContext();
  const { nc } = await connectNats(context, { url: stack.servers.natsUrl });
  const told: ShareRefused[] = [];
  nc.subscribe(NOTE_SUBJECTS.poolShare, { callback: (_, note) => void told.push(ShareRefused.decode(note.data)) });
  const load = startEasyLoad(stack, { connections: 1, ratePerSecond: 10, ntime: '00000000' });
  await until(
    async () => told.length,
    (count) => count > 0,
    30_000,
  );
  await load.stop();
  await context.stop();
  expect(told[0]).toMatchObject({ worker: 'rig0', reason: 'ntime-too-old' });
  expect(told[0]?.lockingKey.toString('hex')).toBe(stack.identity.wallet.locking);
});
