import { z } from 'zod';
import { type BenchContext, type Figures, scaled } from './benchmark.ts';
import { type Load, send } from './mint-load.ts';
import { amountOf, amounts, checkRounds, CONCURRENCIES, swapRounds } from './mint-plan.ts';
import { startProgram } from './program.ts';
import type { WalletProgram } from './wallet-program.ts';

const METHOD = 'bolt11';
const UNIT = 'sat';
/** Few quotes: a Lightning that is fake may take its time to pay them. */
const MINTS: readonly { readonly outputs: number; readonly counts: readonly number[] }[] = [
  { outputs: 1, counts: [30, 100, 200] },
  { outputs: 8, counts: [20, 60, 100] },
  { outputs: 64, counts: [20, 60, 120] },
];
const PAID_WITHIN_MS = 60_000;
const POLL_MS = 250;
const QUOTES_AT_ONCE = 8;

const info = z.object({ name: z.string().optional(), version: z.string().optional() });
const quoteAnswer = z.object({ quote: z.string(), state: z.string().optional(), paid: z.boolean().optional() });

/**
 * The same load against any Cashu mint whose Lightning pays itself: unlocked `bolt11` quotes in `sat`. Its keyset must not
 * charge a fee, for a swap of two for two has nothing to pay it with.
 */
export async function measureForeignMint(context: BenchContext, url: string): Promise<Figures> {
  const wallets = await startProgram<WalletProgram>('./wallet-program.ts');
  try {
    await wallets.call('open', { urls: [url], unit: UNIT, secret: '' });
    const load: Load = { context, wallets, pids: () => ({}), answered: new Map() };
    const { name = '', version = '' } = info.parse(await (await fetch(`${url}/v1/info`)).json());
    const mints = await measureMints(load, url);
    const rounds: Record<string, Figures> = {};
    for (const { size, concurrency, count } of swapRounds(context)) {
      await wallets.call('prepareSwaps', { count, size });
      rounds[`${size}for${size}At${concurrency}`] = await send(load, {
        ...{ kind: 'swaps', shape: `of ${size} for ${size}`, concurrency, signatures: size },
      } as const);
    }
    return { url, name, version, mints, swaps: rounds, checks: await measureChecks(load) };
  } finally {
    await wallets.stop();
  }
}

async function measureMints(load: Load, url: string): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  for (const { outputs, counts } of MINTS) {
    for (const [index, concurrency] of CONCURRENCIES.entries()) {
      const count = scaled(counts[index] ?? 0, load.context, 5);
      load.context.tell(`mint: making ${count} quotes at ${url}`);
      const quotes = await paidQuotes(url, count, amountOf(outputs));
      const request = { method: METHOD, quotes, amounts: amounts(outputs), locked: false };
      await load.wallets.call('prepareMints', request);
      const sending = { kind: 'mints', shape: `of ${outputs}`, concurrency, signatures: outputs } as const;
      figures[`outputs${outputs}At${concurrency}`] = await send(load, sending);
    }
  }
  return figures;
}

async function measureChecks(load: Load): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  for (const { size, concurrency, count } of checkRounds(load.context)) {
    await load.wallets.call('prepareChecks', { count, size });
    figures[`states${size}At${concurrency}`] = await send(load, {
      ...{ kind: 'checks', shape: `of ${size} states`, concurrency },
    } as const);
  }
  return figures;
}

async function paidQuotes(url: string, count: number, amount: number): Promise<string[]> {
  const quotes: string[] = [];
  while (quotes.length < count) {
    const more = Math.min(QUOTES_AT_ONCE, count - quotes.length);
    quotes.push(...(await Promise.all(Array.from({ length: more }, () => paidQuote(url, amount)))));
  }
  return quotes;
}

async function paidQuote(url: string, amount: number): Promise<string> {
  const place = `${url}/v1/mint/quote/${METHOD}`;
  const headers = { 'content-type': 'application/json' };
  const made = await fetch(place, { method: 'POST', headers, body: JSON.stringify({ amount, unit: UNIT }) });
  if (!made.ok) throw new Error(`${url} made no quote: ${made.status} ${await made.text()}`);
  const { quote } = quoteAnswer.parse(await made.json());
  for (const until = performance.now() + PAID_WITHIN_MS; performance.now() < until;) {
    const { state, paid } = quoteAnswer.parse(await (await fetch(`${place}/${quote}`)).json());
    if (state === 'PAID' || paid === true) return quote;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`quote ${quote} was not paid within a minute: is the Lightning of ${url} one that pays itself?`);
}
