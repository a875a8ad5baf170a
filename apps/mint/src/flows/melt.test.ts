import { present } from '@assay/shared/kernel/assert';
import { amount, sumAmounts } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aMeltQuote,
  FEE,
  meltAs,
  meltCommand,
  type MeltingMint,
  meltingMint,
  proofsIn,
  satProofs,
} from '../../test/melting-mint.ts';
import { memorySignatory } from '../../test/memory-keys.ts';
import { opId, swapRequest } from '../../test/requests.ts';
import { PREIMAGE } from '../../test/scripted-payments.ts';
import { denominationsOf } from '../../test/wallet-secrets.ts';
import { sidesOf } from '../domain/operation.ts';
import { checkState } from './check-state.ts';
import { findMeltQuote } from './find-melt-quote.ts';
import { restoreSignatures } from './restore-signatures.ts';
import { swap } from './swap.ts';

/** 16 sat in, for 9 and a reserve of 2. */
async function prepared(mint: MeltingMint, name = 'melt', blanks = 4) {
  const quote = await aMeltQuote(mint);
  const inputs = await satProofs(mint, name, [8n, 8n]);
  return { quote, inputs, command: meltCommand(mint, name, quote, { inputs, blanks }) };
}

async function statesOf(mint: MeltingMint, inputs: Awaited<ReturnType<typeof prepared>>['inputs']) {
  const ys = [...mint.store.spent.keys()].slice(0, inputs.length);
  return (await checkState(mint.ports, ys)).map(({ state }) => state);
}

const codeOf = (answer: Awaited<ReturnType<typeof meltAs>>) => (answer.ok ? answer.value.state : answer.error.code);

describe('a melt', () => {
  it('pays, spends its inputs and signs what was overpaid', async () => {
    const mint = meltingMint();
    const { quote, command } = await prepared(mint);
    const answer = await meltAs(mint, command);
    expect(answer).toMatchObject({ ok: true, value: { state: 'PAID', preimage: PREIMAGE, quote: quote.quote } });
    expect(answer.ok && answer.value.change.map((output) => output.amount)).toEqual([2n, 4n]);
    expect(mint.backend.paid).toMatchObject([{ opId: command.opId, amount: 9n, feeMax: 2n }]);
    expect(mint.meltQuotes.shown.get(quote.quote)).toEqual(['UNPAID', 'PENDING', 'PAID']);
    expect(await findMeltQuote(mint.ports, 'bolt11', quote.quote)).toEqual(answer);
    expect(mint.store.byId.get(command.opId)).toMatchObject({ kind: 'MELT', out: 10n, fee: 0n, surplus: 0n });
  });

  it('repeated is answered as it was and paid once', async () => {
    const mint = meltingMint();
    const { command } = await prepared(mint);
    const answers = await Promise.all(Array.from({ length: 10 }, () => meltAs(mint, command)));
    const again = await meltAs(mint, command);
    expect(again).toMatchObject({ ok: true, value: { state: 'PAID' } });
    expect(answers.map(codeOf).every((state) => state === 'PAID' || state === 'PENDING')).toBe(true);
    expect(mint.backend.paid).toHaveLength(1);
  });

  it('of a reserve of 1,000 and a fee of 100 gives 4, 128, 256 and 512 back', async () => {
    const mint = meltingMint();
    mint.backend.terms = { amount: amount(100_000n), feeReserve: amount(1_000n) };
    mint.backend.fee = 100n;
    const quote = await aMeltQuote(mint);
    const inputs = await satProofs(mint, 'a6', denominationsOf(101_000n));
    const answer = await meltAs(mint, meltCommand(mint, 'a6', quote, { inputs, blanks: 10 }));
    expect(answer.ok && answer.value.change.map((output) => output.amount)).toEqual([4n, 128n, 256n, 512n]);
  });

  it('with too few blank outputs keeps what does not fit as surplus; the others are free again', async () => {
    const mint = meltingMint();
    mint.backend.terms = { amount: amount(1n), feeReserve: amount(0n) };
    mint.backend.fee = 0n;
    const { command } = await prepared(mint, 'few', 2);
    const answer = await meltAs(mint, command);
    expect(answer.ok && answer.value.change.map((output) => output.amount)).toEqual([4n, 8n]);
    expect(mint.store.byId.get(command.opId)).toMatchObject({ out: 1n, surplus: 3n });
    const none = await prepared(mint, 'none', 0);
    expect(codeOf(await meltAs(mint, none.command))).toBe('request-paid');
  });

  it('conserves, and gives never more change than was overpaid', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          paid: fc.bigInt(1n, 100_000n),
          reserve: fc.bigInt(0n, 5_000n),
          spent: fc.nat(100),
          over: fc.bigInt(0n, 5_000n),
          blanks: fc.nat(14),
        }),
        async ({ paid, reserve, spent, over, blanks }) => {
          const mint = meltingMint();
          mint.backend.terms = { amount: amount(paid), feeReserve: amount(reserve) };
          mint.backend.fee = (reserve * BigInt(spent)) / 100n;
          const quote = await aMeltQuote(mint);
          // Inputs of 100 ppk: at most 20 of them, so at most 2.
          const inputs = await proofsIn(feeSignatory(mint), FEE, 'any', denominationsOf(paid + reserve + 2n + over));
          const answer = await meltAs(mint, meltCommand(mint, 'any', quote, { inputs, blanks }));
          expect(codeOf(answer)).toBe('PAID');
          const operation = present(mint.store.byId.get(opId('any')), 'operation');
          const { given, taken } = sidesOf(operation);
          expect(given).toBe(taken);
          const change = sumAmounts(operation.outputs.map((output) => output.amount));
          const overpaid = given - operation.fee - paid - mint.backend.fee;
          expect([change <= overpaid, operation.surplus]).toEqual([true, overpaid - change]);
          expect(operation.out).toBe(paid + mint.backend.fee);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of a backend that takes more than the reserve charges the reserve', async () => {
    const mint = meltingMint();
    mint.backend.fee = 5n;
    const { command } = await prepared(mint);
    expect(codeOf(await meltAs(mint, command))).toBe('PAID');
    expect(mint.store.byId.get(command.opId)).toMatchObject({ out: 11n, surplus: 0n });
  });

  it('that prefers not to wait is PENDING at once, and paid then', async () => {
    const mint = meltingMint();
    const { quote, command } = await prepared(mint);
    const answer = await meltAs(mint, { ...command, prefersAsync: true });
    expect(answer).toMatchObject({ ok: true, value: { state: 'PENDING', preimage: undefined, change: [] } });
    await Promise.all(mint.left);
    expect(await findMeltQuote(mint.ports, 'bolt11', quote.quote)).toMatchObject({ value: { state: 'PAID' } });
    expect(mint.meltQuotes.shown.get(quote.quote)).toEqual(['UNPAID', 'PENDING', 'PAID']);
  });
});

/** Signs what was rotated away, too: what it signed before is worth the same. */
function feeSignatory({ ports }: MeltingMint) {
  const whenActive = { ...ports.keysets, get: (id: string) => (id === FEE.id ? { ...FEE, active: true } : undefined) };
  return memorySignatory(whenActive);
}

describe('a payment that fails', () => {
  it('frees the inputs and the blank outputs, and the same request pays again', async () => {
    const mint = meltingMint();
    const { quote, inputs, command } = await prepared(mint);
    mint.backend.ends = 'FAILED';
    expect(codeOf(await meltAs(mint, command))).toBe('payment-failed');
    expect(mint.store.spent.size).toBe(0);
    expect(mint.meltQuotes.shown.get(quote.quote)).toEqual(['UNPAID', 'PENDING', 'UNPAID']);
    mint.backend.ends = 'PAID';
    expect(codeOf(await meltAs(mint, command))).toBe('PAID');
    expect(mint.backend.paid.map((payment) => payment.opId)).toEqual([`${command.opId}-2`]);
    expect(await statesOf(mint, inputs)).toEqual(['SPENT', 'SPENT']);
  });

  it('and whose inputs were spent meanwhile is refused when it is repeated', async () => {
    const mint = meltingMint();
    const { inputs, command } = await prepared(mint);
    mint.backend.ends = 'FAILED';
    await meltAs(mint, command);
    expect(await swap(mint.ports, opId('swap'), swapRequest('swap', inputs, [16n], mint.satKeyset))).toMatchObject({
      ok: true,
    });
    mint.backend.ends = 'PAID';
    expect(codeOf(await meltAs(mint, command))).toBe('already-spent');
    expect(mint.backend.paid).toHaveLength(0);
  });
});

describe('a payment whose end is not known', () => {
  it.each(['UNKNOWN', 'throws-before', 'throws-after'] as const)('%s: everything stays locked', async (ends) => {
    const mint = meltingMint();
    const { quote, inputs, command } = await prepared(mint);
    mint.backend.ends = ends;
    expect(codeOf(await meltAs(mint, command))).toBe('PENDING');
    expect(await statesOf(mint, inputs)).toEqual(['PENDING', 'PENDING']);
    expect(codeOf(await meltAs(mint, command))).toBe('PENDING');
    const other = await prepared(mint, 'other');
    const rival = meltCommand(mint, 'rival', quote, { inputs: other.inputs });
    expect(codeOf(await meltAs(mint, rival))).toBe('quote-pending');
    expect(codeOf(await meltAs(mint, other.command))).toBe('quote-pending');
    const spending = await swap(mint.ports, opId('swap'), swapRequest('swap', inputs, [16n], mint.satKeyset));
    expect(spending).toMatchObject({ error: { code: 'input-pending' } });
    const reserved = command.outputs.map(({ b }) => b);
    expect(await restoreSignatures(mint.ports, reserved)).toEqual([]);
    const taken = { inputs: other.inputs, outputs: command.outputs.map((o) => ({ ...o, amount: amount(4n) })) };
    expect(await swap(mint.ports, opId('take'), taken)).toMatchObject({ error: { code: 'output-pending' } });
  });
});

describe('melts at once', () => {
  it('a hundred of one quote: one is paid, the others find it pending or paid', async () => {
    const mint = meltingMint();
    const quote = await aMeltQuote(mint);
    const commands = await Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        meltCommand(mint, `m-${index}`, quote, { inputs: await satProofs(mint, `m-${index}`, [16n]) }),
      ),
    );
    const codes = (await Promise.all(commands.map((command) => meltAs(mint, command)))).map(codeOf);
    expect(codes.filter((code) => code === 'PAID')).toHaveLength(1);
    expect(new Set(codes.filter((code) => code !== 'PAID'))).toEqual(new Set(['quote-pending']));
    expect(mint.backend.paid).toHaveLength(1);
    expect(mint.store.spent.size).toBe(1);
  });

  it('a hundred of one proof: one is paid, the others find it pending or spent', async () => {
    const mint = meltingMint();
    const inputs = await satProofs(mint, 'one', [16n]);
    const commands = await Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        meltCommand(mint, `m-${index}`, await aMeltQuote(mint, `lnbc${index}`), { inputs }),
      ),
    );
    const codes = (await Promise.all(commands.map((command) => meltAs(mint, command)))).map(codeOf);
    expect(codes.filter((code) => code === 'PAID')).toHaveLength(1);
    expect(codes.filter((code) => code === 'input-pending' || code === 'already-spent')).toHaveLength(99);
    expect(mint.backend.paid).toHaveLength(1);
  });
});
