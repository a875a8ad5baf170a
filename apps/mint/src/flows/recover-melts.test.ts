import { present } from '@assay/shared/kernel/assert';
import { amount } from '@assay/shared/kernel/money';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { ok } from '@assay/shared/kernel/result';
import { describe, expect, it } from 'vitest';
import { dieEverywhere } from '../../test/dying-melts.ts';
import {
  ACCOUNT,
  aMeltQuote,
  meltAs,
  meltCommand,
  type MeltingMint,
  meltingMint,
  satProofs,
} from '../../test/melting-mint.ts';
import { mintRequest, opId, swapRequest } from '../../test/requests.ts';
import { WALLET_KEY } from '../../test/wallet-secrets.ts';
import { SAT_UNIT } from '../domain/unit.ts';
import { createBolt11Quote } from './create-bolt11-quote.ts';
import { createMeltQuote } from './create-melt-quote.ts';
import { findMeltQuote } from './find-melt-quote.ts';
import { issueTokens } from './issue-tokens.ts';
import { melt } from './melt.ts';
import { recoverMelts } from './recover-melts.ts';
import { swap } from './swap.ts';

const QUIET_MS = 5_500;

async function prepared(mint: MeltingMint, name = 'melt') {
  const quote = await aMeltQuote(mint);
  const inputs = await satProofs(mint, name, [8n, 8n]);
  return { quote, inputs, command: meltCommand(mint, name, quote, { inputs }) };
}

/** Long enough after it that the recovery takes a melt for left alone. */
async function recovered(mint: MeltingMint): Promise<void> {
  mint.clock.advance(QUIET_MS);
  await recoverMelts(mint.ports).catch(() => undefined);
}

async function stateOf(mint: MeltingMint, quote: string): Promise<string> {
  const found = await findMeltQuote(mint.ports, 'bolt11', quote);
  return found.ok ? found.value.state : found.error.code;
}

describe('a process that dies at any call of a melt', () => {
  const prepare = async () => {
    const mint = meltingMint();
    const { command } = await prepared(mint);
    return { mint, command, ports: mint.ports };
  };

  it('the recovery and the repeated request pay once, with the signatures of a melt that was not disturbed', async () => {
    const calm = await prepare();
    const undisturbed = await meltAs(calm.mint, calm.command);
    const change = undisturbed.ok ? undisturbed.value.change : [];
    expect(change).toHaveLength(2);
    const calls = await dieEverywhere(prepare, async ({ mint, command }, where) => {
      await recovered(mint);
      const answer = await meltAs(mint, command);
      expect([where, answer]).toMatchObject([where, { ok: true, value: { state: 'PAID', change } }]);
      expect([where, mint.backend.paid.length]).toEqual([where, 1]);
      const shown = [...(mint.meltQuotes.shown.get(command.quoteId) ?? [])];
      expect([where, shown]).toEqual([where, ['UNPAID', 'PENDING', 'PAID']]);
      expect([where, await recoverMelts(mint.ports)]).toEqual([where, 0]);
    });
    expect(calls).toBeGreaterThan(8);
  });

  it('the repeated request alone, without a recovery, never pays a second time', async () => {
    await dieEverywhere(prepare, async ({ mint, command }, where) => {
      const answer = await meltAs(mint, command);
      expect([where, answer]).toMatchObject([where, { ok: true }]);
      await recovered(mint);
      expect([where, await stateOf(mint, command.quoteId)]).toEqual([where, 'PAID']);
      expect([where, mint.backend.paid.length]).toEqual([where, 1]);
    });
  });

  it('and whose payment fails leaves its inputs free in the end', async () => {
    await dieEverywhere(
      async () => {
        const failing = await prepare();
        failing.mint.backend.ends = 'FAILED';
        return failing;
      },
      async ({ mint, command }, where) => {
        await recovered(mint);
        expect([where, mint.store.spent.size, mint.store.signed.size]).toEqual([where, 0, 0]);
        expect([where, await stateOf(mint, command.quoteId)]).toEqual([where, 'UNPAID']);
        mint.backend.ends = 'PAID';
        expect([where, await meltAs(mint, command)]).toMatchObject([where, { value: { state: 'PAID' } }]);
        expect([where, mint.backend.paid.length]).toEqual([where, 1]);
      },
    );
  });
});

describe('the recovery', () => {
  it('leaves what the backend does not know, however long that takes, and ends it by its answer', async () => {
    const mint = meltingMint();
    const { quote, command } = await prepared(mint);
    mint.backend.ends = 'UNKNOWN';
    await meltAs(mint, command);
    for (let day = 0; day < 60; day += 1) {
      mint.clock.advance(86_400_000);
      expect(await recoverMelts(mint.ports)).toBe(1);
      expect(await stateOf(mint, quote.quote)).toBe('PENDING');
    }
    mint.backend.decide(command.opId, 'PAID');
    await recovered(mint);
    expect(await meltAs(mint, command)).toMatchObject({ value: { state: 'PAID', change: [{}, {}] } });
    expect(mint.backend.paid).toHaveLength(1);
  });

  it('frees the inputs when the backend says that it failed after all', async () => {
    const mint = meltingMint();
    const { quote, command } = await prepared(mint);
    mint.backend.ends = 'UNKNOWN';
    await meltAs(mint, command);
    mint.backend.decide(command.opId, 'FAILED');
    await recovered(mint);
    expect([mint.store.spent.size, await stateOf(mint, quote.quote)]).toEqual([0, 'UNPAID']);
  });

  it('pays what the backend was never asked to pay, also while the mint is paused', async () => {
    const mint = meltingMint();
    const { quote, command } = await prepared(mint);
    mint.backend.ends = 'throws-before';
    await meltAs(mint, command);
    mint.pause('ALL');
    mint.backend.ends = 'PAID';
    await recovered(mint);
    expect([await stateOf(mint, quote.quote), mint.backend.paid.length]).toEqual(['PAID', 1]);
    expect(await meltAs(mint, command)).toMatchObject({ value: { state: 'PAID' } });
    const next = await satProofs(mint, 'next', [16n]);
    const another = meltCommand(mint, 'another', await aMeltQuote(mint, 'lnbc2'), { inputs: next });
    expect(await meltAs(mint, another)).toMatchObject({ error: { code: 'paused' } });
  });

  it('at several instances and beside the request itself has its effect once', async () => {
    const mint = meltingMint();
    const { quote, command } = await prepared(mint);
    mint.backend.ends = 'throws-before';
    await meltAs(mint, command);
    mint.backend.ends = 'PAID';
    mint.clock.advance(QUIET_MS);
    const recoveries = Array.from({ length: 5 }, () => recoverMelts(mint.ports));
    const requests = Array.from({ length: 5 }, () => meltAs(mint, command));
    await Promise.all([...recoveries, ...requests]);
    expect(mint.backend.paid).toHaveLength(1);
    expect(mint.meltQuotes.shown.get(quote.quote)).toEqual(['UNPAID', 'PENDING', 'PAID']);
    expect(await meltAs(mint, command)).toMatchObject({ value: { state: 'PAID', change: [{}, {}] } });
  });

  it('waits for the signatory: the change of a paid melt is not given up', async () => {
    const mint = meltingMint();
    const { quote, command } = await prepared(mint);
    const away = { ...mint.ports.signatory, blindSign: () => Promise.reject(new Error('the signatory is away')) };
    expect(await melt({ ...mint.ports, signatory: away }, command)).toMatchObject({ value: { state: 'PENDING' } });
    await recovered(mint);
    expect(await stateOf(mint, quote.quote)).toBe('PAID');
    expect(mint.store.byId.get(command.opId)?.outputs).toHaveLength(2);
  });

  it('of one melt that cannot be recovered does not keep the others waiting', async () => {
    const mint = meltingMint();
    const [first, second] = [await prepared(mint, 'first'), await aMeltQuote(mint, 'lnbc2')];
    mint.backend.ends = 'UNKNOWN';
    await meltAs(mint, first.command);
    const inputs = await satProofs(mint, 'second', [16n]);
    await meltAs(mint, meltCommand(mint, 'second', second, { inputs }));
    mint.backend.decide(opId('second'), 'PAID');
    const backend = { ...mint.backend, checkOutgoing: mint.backend.checkOutgoing };
    backend.checkOutgoing = (id) =>
      id === first.command.opId ? Promise.reject(new Error('away')) : mint.backend.checkOutgoing(id);
    mint.clock.advance(QUIET_MS);
    const bolt11 = { ...present(mint.ports.bolt11, 'Lightning'), backend };
    await expect(recoverMelts({ ...mint.ports, bolt11 })).rejects.toThrow('1 melts could not be recovered');
    expect([await stateOf(mint, first.quote.quote), await stateOf(mint, second.quote)]).toEqual(['PENDING', 'PAID']);
  });
});

/** A request of the mint itself, for 9 sat. */
async function ownRequest(mint: MeltingMint) {
  const terms = { unit: 'sat', amount: amount(9n), pubkey: WALLET_KEY as LockingKey, description: undefined };
  const created = await createBolt11Quote(mint.ports, terms);
  if (!created.ok) throw new Error(created.error.detail);
  const lookupId = present(created.value.lookupId, 'lookup id');
  mint.backend.quoteOutgoing = async () => ok({ amount: amount(9n), feeReserve: amount(2n), lookupId });
  return created.value;
}

describe('a request of this mint itself', () => {
  const prepare = async () => {
    const mint = meltingMint();
    const own = await ownRequest(mint);
    const { quote, inputs, command } = await prepared(mint);
    return { mint, own, quote, inputs, command, ports: mint.ports };
  };

  it('is settled inside: no reserve, no fee, no preimage, and its quote can be minted', async () => {
    const { mint, own, quote, command } = await prepare();
    expect(quote).toMatchObject({ amount: 9n, feeReserve: 0n, paysQuote: own.naturalKey });
    expect(await meltAs(mint, command)).toMatchObject({
      value: { state: 'PAID', preimage: undefined, change: [{ amount: 1n }, { amount: 2n }, { amount: 4n }] },
    });
    expect(mint.backend.outgoing.size).toBe(0);
    expect(mint.quotes.get(own.naturalKey)).toMatchObject({
      ...{ state: 'PAID', amountPaid: 9n, payments: [{ id: `melt:${command.opId}`, amount: 9n }] },
    });
    const minting = { ...mintRequest('own', [1n, 8n], mint.satKeyset, { quoteId: own.quote }), method: 'bolt11' };
    expect(await issueTokens(mint.ports, minting)).toMatchObject({ ok: true });
  });

  it('a process that dies at any call leaves it paid once, by one payment', async () => {
    const calls = await dieEverywhere(prepare, async ({ mint, command }, where) => {
      await recovered(mint);
      expect([where, await meltAs(mint, command)]).toMatchObject([where, { value: { state: 'PAID' } }]);
      const { paysQuote } = present(await mint.ports.meltQuotes.find(command.quoteId), 'quote');
      const { payments, amountPaid } = mint.quotes.get(present(paysQuote, 'own quote'));
      expect([where, payments, amountPaid]).toEqual([where, [{ id: `melt:${command.opId}`, amount: 9n }], 9n]);
    });
    expect(calls).toBeGreaterThan(8);
  });

  it('that was paid by somebody else is refused, and one that is paid just now frees the inputs', async () => {
    const { mint, own, quote, command } = await prepare();
    const paid = {
      ...own,
      state: 'PAID' as const,
      amountPaid: amount(9n),
      payments: [{ id: 'bolt11:1', amount: amount(9n) }],
    };
    const find = mint.ports.quoteStore.find.bind(mint.ports.quoteStore);
    let reads = 0;
    const racing = { ...mint.ports.quoteStore, find: async (key: string) => ((reads += 1) === 1 ? find(key) : paid) };
    expect(await melt({ ...mint.ports, quoteStore: racing }, command)).toMatchObject({
      error: { code: 'payment-failed' },
    });
    expect([mint.store.spent.size, await stateOf(mint, quote.quote)]).toEqual([0, 'UNPAID']);
    mint.quotes.put(paid);
    expect(await meltAs(mint, command)).toMatchObject({ error: { code: 'request-paid' } });
    const asked = {
      request: 'lnbc1',
      unit: SAT_UNIT,
      amount: undefined,
      partMsat: undefined,
      amountlessMsat: undefined,
    };
    expect(await createMeltQuote(mint.ports, 'bolt11', asked)).toMatchObject({ error: { code: 'request-paid' } });
  });

  it('that is expired is refused', async () => {
    const { mint, command } = await prepare();
    mint.clock.advance(3_600_000);
    expect(await meltAs(mint, command)).toMatchObject({ error: { code: 'quote-expired' } });
  });
});

describe('a deposit', () => {
  const asked = (fields: Partial<Parameters<typeof createMeltQuote>[2]> = {}) => ({
    ...{
      request: `${ACCOUNT}:stake`,
      unit: SAT_UNIT,
      amount: amount(9n),
      partMsat: undefined,
      amountlessMsat: undefined,
    },
    ...fields,
  });

  it('is credited once per melt quote, without reserve', async () => {
    const mint = meltingMint();
    const created = await createMeltQuote(mint.ports, 'deposit', asked());
    if (!created.ok) throw new Error(created.error.detail);
    expect(created.value).toMatchObject({ feeReserve: 0n, method: 'deposit' });
    const inputs = await satProofs(mint, 'deposit', [1n, 8n]);
    const command = meltCommand(mint, 'deposit', created.value, { inputs, blanks: 0 });
    expect(await meltAs(mint, command)).toMatchObject({ value: { state: 'PAID' } });
    expect(mint.store.byId.get(command.opId)).toMatchObject({ method: 'deposit', out: 9n });
    expect(mint.credited).toEqual([created.value.quote]);
  });

  it.each([
    ['an unknown asset', { request: `${ACCOUNT}:other` }, 'unit-not-supported'],
    ['a request without a key', { request: 'stake' }, 'bad-request'],
    ['no amount', { amount: undefined }, 'bad-request'],
    ['nothing', { amount: amount(0n) }, 'amount-outside-limit'],
  ] as const)('of %s is refused', async (_, fields, code) => {
    expect(await createMeltQuote(meltingMint().ports, 'deposit', asked(fields))).toMatchObject({ error: { code } });
  });

  it('is not offered where no asset is configured', async () => {
    const { ports } = meltingMint();
    const answer = await createMeltQuote({ ...ports, deposits: undefined }, 'deposit', asked());
    expect(answer).toMatchObject({ error: { code: 'unit-not-supported' } });
  });
});

it('a swap and a melt of one proof at once: one of both has it', async () => {
  const mint = meltingMint();
  const { inputs, command } = await prepared(mint);
  const request = swapRequest('swap', inputs, [16n], mint.satKeyset);
  const [melted, swapped] = await Promise.all([meltAs(mint, command), swap(mint.ports, opId('swap'), request)]);
  expect([melted.ok, swapped.ok].sort()).toEqual([false, true]);
});
