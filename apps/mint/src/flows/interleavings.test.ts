import { amount } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Interleaved,
  MINT_QUOTE_AMOUNT,
  MINT_QUOTES,
  ROUNDS,
  runInterleaved,
  turningKeys,
} from '../../test/interleavings.ts';
import { meltingMint, type MeltingMint } from '../../test/melting-mint.ts';
import { WALLET_KEY } from '../../test/wallet-secrets.ts';
import { unpaidQuote } from '../domain/bolt11-quote.ts';
import { sidesOf } from '../domain/operation.ts';
import { paidBy } from '../domain/quote.ts';
import { unitSupplies, withOperations, EMPTY_SUPPLY } from '../domain/supply.ts';

/** A locked quote of 8 sat, paid. */
function paidSatQuote({ clock, ports, quotes }: MeltingMint, index: number): string {
  const quote = ports.quoteIds.next();
  const terms = { unit: 'sat', amount: amount(MINT_QUOTE_AMOUNT), pubkey: WALLET_KEY, description: undefined };
  const made = { quote, expiry: clock.now(), trace: undefined };
  const asked = { request: `own-${index}`, lookupId: `own-${index}` };
  const unpaid = unpaidQuote(terms as Parameters<typeof unpaidQuote>[0], made, asked, clock.now());
  quotes.put(paidBy(unpaid, { id: `paid-${index}`, amount: amount(MINT_QUOTE_AMOUNT) }, clock.now()));
  return quote;
}

function interleaved(): Interleaved & { readonly mint: MeltingMint } {
  const mint = meltingMint();
  const turned = { level: 'NONE' as const, active: 0 };
  const ports = { ...mint.ports, ...turningKeys(turned) };
  const quotes = Array.from({ length: MINT_QUOTES }, (_, index) => paidSatQuote(mint, index));
  return { instances: [ports, ports], backend: mint.backend, clock: mint.clock, quotes, turned, mint };
}

it('what wallets, operators and the recovery do at once is explained by a mint that does one thing after the other', async () => {
  await fc.assert(
    fc.asyncProperty(ROUNDS, async (rounds) => {
      const { mint, ...run } = interleaved();
      await runInterleaved(run, rounds);
      const operations = [...mint.store.byId.values()];
      for (const operation of operations) expect(sidesOf(operation).given).toBe(sidesOf(operation).taken);
      for (const { minted, outstanding, fees, melted, surplus } of unitSupplies(
        withOperations(EMPTY_SUPPLY, operations),
      )) {
        expect(outstanding).toBe(minted - fees - melted - surplus);
      }
    }),
    { numRuns: 150 },
  );
});
