import { setTimeout as wait } from 'node:timers/promises';
import type { Proof } from '@cashu/cashu-ts';
import { type Miner, startMiner } from '../miner/miner.ts';
import { openWallet } from '../wallet/ehash-wallet.ts';
import type { EhashQuote } from '../wallet/find-quotes.ts';
import { portOf } from './port-plan.ts';
import type { Stack } from './stack.ts';

const LOOK_EVERY_MS = 1_000;

export interface FirstToken {
  readonly quote: EhashQuote;
  readonly minted: readonly Proof[];
  readonly swapped: readonly Proof[];
}

export interface WalletWork {
  /** Resolves when the first tokens were minted, their DLEQ proofs checked, and swapped once. */
  readonly firstToken: Promise<FirstToken>;
  readonly totals: { paid: number; minted: bigint };
  stop(): Promise<void>;
}

/** A miner per pool instance, all on the wallet's key. */
export function startMiners(stack: Stack): Miner[] {
  const pools = stack.instances.filter((instance) => instance.service === 'pool');
  return pools.map((pool) =>
    startMiner({
      host: '127.0.0.1',
      port: portOf(stack.options, 'stratum', pool.replica),
      username: `${stack.identity.wallet.locking}.cpu${pool.replica}`,
      load: stack.options.minerLoad / pools.length,
    }),
  );
}

/** A wallet that looks for its PAID quotes each second, mints them, and swaps the first tokens. */
export async function startWalletWork(stack: Stack, tell: (line: string) => void): Promise<WalletWork> {
  const wallet = await openWallet(`http://127.0.0.1:${portOf(stack.options, 'mintHttp')}`, stack.identity.wallet);
  const totals = { paid: 0, minted: 0n };
  const stopping = new AbortController();
  let arrived: (token: FirstToken) => void = () => undefined;
  const firstToken = new Promise<FirstToken>((resolve) => (arrived = resolve));

  const look = async () => {
    for (const quote of await wallet.quotes(true)) {
      const minted = await wallet.mint(quote);
      totals.paid += 1;
      totals.minted += minted.reduce((sum, proof) => sum + BigInt(proof.amount.toString()), 0n);
      if (totals.paid === 1) arrived({ quote, minted, swapped: await wallet.swap() });
    }
  };
  const running = repeat(look, stopping.signal, tell);
  return {
    firstToken,
    totals,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** A service that is being restarted makes one look fail, not the wallet. */
async function repeat(look: () => Promise<void>, signal: AbortSignal, tell: (line: string) => void): Promise<void> {
  while (!signal.aborted) {
    await look().catch((error: unknown) => signal.aborted || tell(`wallet: ${String(error)}`));
    await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
