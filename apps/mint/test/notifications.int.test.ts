import { type Proof, Wallet } from '@cashu/cashu-ts';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { amount } from '@assay/shared/kernel/money';
import { connectNats } from '@assay/shared/runtime/nats';
import { testContext } from '@assay/testkit/context';
import { until } from '@assay/testkit/until';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mongoQuotes } from '../src/adapters/mongo/quotes.ts';
import { ehashKey } from '../src/domain/quote.ts';
import { pointHex, pointOfSecret } from '../src/domain/side-checks.ts';
import { swapBody } from './http-mint.ts';
import { foreignRequest } from './lightning-wallet.ts';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';
import { swapRequest } from './requests.ts';
import { aBatch, aVerdict } from './signed-facts.ts';
import { type SocketWallet, socketWallet } from './socket-wallet.ts';
import { WALLET_KEY, WALLET_SECRET } from './wallet-secrets.ts';
import { tellBatch, tellVerdict } from './wire-facts.ts';

/** Measured one after the other. */
const CHANGES = 100;

let processes: MintProcesses;
const context = testContext();
let bus: Awaited<ReturnType<typeof connectNats>>;

beforeAll(async () => {
  processes = await startMintProcesses(2, { MINT_BOLT11_BACKEND: 'fake' });
  bus = await connectNats(context, { url: processes.natsUrl });
});

afterAll(async () => {
  await context.stop();
  await processes.stop();
});

const urlOf = (index: number) => processes.mints[index]?.url ?? '';

async function walletOf(index: number, unit: 'hash' | 'sat'): Promise<Wallet> {
  const wallet = new Wallet(urlOf(index), { unit });
  await wallet.loadMint();
  return wallet;
}

/** A batch that the pool tells, its quote, and the verdict that the auditor has on it. */
async function pendingQuote(batchId: string, credited = 28n) {
  const batch = aBatch({ batchId, creditSum: credited, lockingKey: fromHex(WALLET_KEY) });
  await tellBatch(bus, batch);
  const quotes = mongoQuotes(processes.database.db);
  const quote = await until(batchId, () => quotes.find(ehashKey(batch.poolId, batchId)));
  const verdict = aVerdict({ batchId, batchHash: toHex(batch.batchHash), declared: credited, credited });
  return { quote, settle: () => tellVerdict(bus, verdict) };
}

/** So many proofs of 1, minted from an audited quote. */
async function proofs(name: string, count: number): Promise<readonly Proof[]> {
  const { quote, settle } = await pendingQuote(name, BigInt(count));
  const wallet = await walletOf(0, 'hash');
  await settle();
  const paid = await until('paid', async () => {
    const { amount_paid: value, ...rest } = await wallet.checkMintQuote('ehash', quote.quote);
    return value?.toBigInt() === BigInt(count) ? { ...rest, amount_paid: value } : undefined;
  });
  const denominations = Array.from({ length: count }, () => 1);
  return wallet.mintProofs('ehash', count, paid, { privkey: toHex(WALLET_SECRET) }, { type: 'random', denominations });
}

const yOf = ({ secret }: Proof) => pointOfSecret(secret);

async function spend(index: number, name: string, proof: Proof): Promise<void> {
  const input = {
    ...{ amount: amount(1n), keyset: proof.id, secret: proof.secret },
    ...{ c: pointHex(fromHex(proof.C)), witness: undefined },
  };
  const body = JSON.stringify(swapBody(swapRequest(name, [input], [1n], proof)));
  const answer = await fetch(`${urlOf(index)}/v1/swap`, { method: 'POST', body });
  if (answer.status !== 200) throw new Error(await answer.text());
}

function print(what: string, ms: readonly number[]): void {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(1);
  process.stdout.write(`${what}: n ${ms.length}, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms\n`);
}

describe('a stock wallet', () => {
  test('hears that its quote was paid, of its proofs, and of its melt', async () => {
    const wallet = await walletOf(0, 'sat');
    const quote = await wallet.createMintQuoteBolt11(64);
    const paid = await wallet.on.onceMintPaid(quote.quote, { timeoutMs: 10_000 });
    expect(paid).toMatchObject({ quote: quote.quote, state: 'PAID', request: quote.request });
    const minted = await wallet.mintProofsBolt11(64, paid);

    const seen: string[] = [];
    const failed = (error: Error) => void seen.push(error.message);
    await wallet.on.proofStateUpdates(minted.slice(0, 1), ({ state }) => void seen.push(`proof ${state}`), failed);
    const melt = await wallet.createMeltQuoteBolt11(foreignRequest('told', 50n));
    await wallet.on.meltQuoteUpdates([melt.quote], ({ state }) => void seen.push(`melt ${state}`), failed);
    await until('both current states', () => (seen.length === 2 ? seen : undefined));
    await wallet.meltProofsBolt11(melt, minted);
    await until('the end', () => (seen.filter((line) => /SPENT|PAID/.test(line)).length >= 4 ? seen : undefined));
    expect(seen.filter((line) => line.startsWith('melt'))).toEqual(['melt UNPAID', 'melt PENDING', 'melt PAID']);
    expect(seen.filter((line) => line.startsWith('proof'))).toEqual(['proof UNSPENT', 'proof PENDING', 'proof SPENT']);
  });
});

describe('over two processes', () => {
  test('a wallet at each sees its quote PENDING, then PAID (A11)', async () => {
    const { quote, settle } = await pendingQuote('a11');
    const wallets = [await socketWallet(urlOf(0)), await socketWallet(urlOf(1))];
    for (const wallet of wallets) {
      await wallet.subscribe('ehash_mint_quote', [quote.quote]);
      expect(await wallet.payload()).toMatchObject({ audit_state: 'PENDING', amount_paid: 0 });
    }
    await settle();
    for (const wallet of wallets) {
      const payload = await wallet.payload();
      expect(payload).toMatchObject({ audit_state: 'PAID', amount_paid: 28, audit_code: 'OK' });
      expect(payload).toEqual(await (await fetch(`${urlOf(1)}/v1/mint/quote/ehash/${quote.quote}`)).json());
      await wallet.close();
    }
  });

  test('what one commits the other tells at once', async () => {
    const all = await proofs('latency', CHANGES);
    const wallet = await socketWallet(urlOf(0));
    const [committed, requested]: [number[], number[]] = [[], []];
    for (const [at, proof] of all.entries()) {
      await wallet.subscribe('proof_state', [yOf(proof)], `s-${at % 50}`);
      await wallet.payload();
      const begin = performance.now();
      const told = wallet.payload().then(() => performance.now());
      await spend(1, `latency-${at}`, proof);
      const answered = performance.now();
      requested.push((await told) - begin);
      committed.push(Math.max(0, (await told) - answered));
      wallet.call('unsubscribe', { subId: `s-${at % 50}` });
      await wallet.next();
    }
    print('swap sent to B until A has told it', requested);
    print('swap answered by B until A has told it', committed);
    await wallet.close();
  }, 120_000);

  test('a thousand wallets at one hear what the other commits', async () => {
    const [proof] = await proofs('crowd', 1);
    if (proof === undefined) throw new Error('nothing was minted');
    const wallets: SocketWallet[] = [];
    for (let from = 0; from < 1_000; from += 100) {
      const opened = Array.from({ length: 100 }, () => socketWallet(urlOf(0)));
      wallets.push(...(await Promise.all(opened)));
    }
    for (const wallet of wallets) await wallet.subscribe('proof_state', [yOf(proof)]);
    await Promise.all(wallets.map((wallet) => wallet.payload()));
    const begin = performance.now();
    const told = wallets.map((wallet) =>
      wallet.payload().then(({ state }) => [state, performance.now() - begin] as const),
    );
    await spend(1, 'crowd', proof);
    const heard = await Promise.all(told);
    expect(new Set(heard.map(([state]) => state))).toEqual(new Set(['SPENT']));
    print(
      'swap sent to B until each of 1,000 wallets at A has it',
      heard.map(([, ms]) => ms),
    );
    process.stdout.write(`resident memory of A: ${residentMb(0).toFixed(0)} MB\n`);
    await Promise.all(wallets.map((wallet) => wallet.close()));
  }, 120_000);
});

function residentMb(index: number): number {
  const status = readFileSync(`/proc/${processes.mints[index]?.process.pid()}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}
