import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { PartResult } from './counts.ts';
import { nutshellWallet, type NutshellWallet } from './nutshell-wallet.ts';
import { runForeignSuite } from './run-suite.ts';

// npm run foreign:nutshell -- PATH: the Python wallet from its command line: mint, send, receive, lock, melt.
// It fails at any mint that has a unit outside its own list, so this mint has sat only.

const MINTED = 300_000;
const SENT = 100;
const FEE = 1;
/** A swap and a melt of at most 20 proofs each. */
const FEES_MAX = 4;
const PAID_AFTER_MS = 1_000;
/** An example of BOLT-11: 2,500 µBTC, expired since 2017, of a node that nobody here knows. */
const FOREIGN_REQUEST =
  'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh';
const FOREIGN_AMOUNT = 250_000;

type Step = readonly [what: string, run: () => Promise<boolean>];

/** What two people do with ecash, in order; each step says whether it left what it should. */
function steps(alice: NutshellWallet, bob: NutshellWallet): Step[] {
  let token = '';
  return [
    ['mint', async () => (await alice.mint(MINTED)) === MINTED],
    ['send', async () => ((token = await alice.send(SENT)), (await alice.balance()) <= MINTED - SENT)],
    ['receive', async () => (await bob.receive(token)) === SENT - FEE],
    ['receive again is refused', async () => (await bob.receive(token)) === undefined],
    [
      'send locked to a key, receive with it',
      async () => {
        const locked = await alice.send(SENT, await bob.lock());
        return (await alice.receive(locked)) === undefined && (await bob.receive(locked)) === 2 * (SENT - FEE);
      },
    ],
    [
      'ask for an invoice, mint it later',
      async () => {
        const { quote } = await bob.ask(SENT);
        await wait(PAID_AFTER_MS);
        return (await bob.claim(SENT, quote)) === 2 * (SENT - FEE) + SENT;
      },
    ],
    [
      'melt to a foreign invoice, change comes back',
      async () => {
        const before = await alice.balance();
        const paid = await alice.pay(FOREIGN_REQUEST);
        const cost = before - (await alice.balance()) - FOREIGN_AMOUNT;
        return paid && cost >= 1 && cost <= 1 + FEES_MAX;
      },
    ],
    [
      'melt to the same invoice again is refused, and the ecash stays',
      async () => {
        const before = await bob.balance();
        const minted = (await bob.mint(MINTED)) === before + MINTED;
        const paid = await bob.pay(FOREIGN_REQUEST);
        return minted && !paid && (await bob.balance()) >= before + MINTED - FEES_MAX;
      },
    ],
  ];
}

async function walk(all: readonly Step[]): Promise<PartResult> {
  let passed = 0;
  let failed = 0;
  for (const [what, run] of all) {
    const good = await run().catch((error: unknown) => (console.error(String(error)), false));
    console.log(`${good ? '✓' : '✗'} ${what}`);
    if (good) passed += 1;
    else failed += 1;
  }
  return { part: 'cashu', passed, failed };
}

await runForeignSuite({
  name: 'nutshell',
  takes: 'a Python environment with the package cashu (pip install cashu==0.20.2 "marshmallow<4")',
  landmark: 'bin/cashu',
  mint: { units: ['sat'] },
  run: async (path, mint) => {
    const wallet = (name: string) => nutshellWallet(join(path, 'bin/cashu'), name, mint);
    return [await walk(steps(wallet('alice'), wallet('bob')))];
  },
});
