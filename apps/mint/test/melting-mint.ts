import { present } from '@assay/shared/kernel/assert';
import { amount } from '@assay/shared/kernel/money';
import type { Keyset } from '../src/domain/keyset.ts';
import type { MeltQuote } from '../src/domain/melt-quote.ts';
import type { ProofInput } from '../src/domain/request.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { createMeltQuote, type CreateMeltPorts } from '../src/flows/create-melt-quote.ts';
import { melt, type MeltCommand, type MeltPorts } from '../src/flows/melt.ts';
import type { Patience } from '../src/melt-ports.ts';
import type { Signatory } from '../src/ports.ts';
import type { DepositCredits } from '../src/payment-ports.ts';
import { aKeyset } from './memory-keys.ts';
import { memoryMeltQuotes, type MemoryMeltQuotes, memoryMelts } from './memory-melts.ts';
import { BOLT11_RULES, memoryMint, type MemoryMint } from './memory-mint.ts';
import { blinds, opId, proofsOf } from './requests.ts';
import { type ScriptedPayments, scriptedPayments } from './scripted-payments.ts';

export const ACCOUNT = 'ab'.repeat(32);

export interface MeltingMint extends Omit<MemoryMint, 'ports'> {
  readonly ports: MemoryMint['ports'] & MeltPorts & CreateMeltPorts;
  readonly meltQuotes: MemoryMeltQuotes;
  readonly backend: ScriptedPayments;
  /** Deposit ids that were credited. */
  readonly credited: string[];
  /** Work that nobody waits for. */
  readonly left: Promise<unknown>[];
}

/** Inputs of a keyset with 100 ppk, that was rotated away. */
export const FEE = aKeyset({ name: 'sat-fee', unit: SAT_UNIT, active: false, inputFeePpk: 100n });

/** The memory mint with melts: its Lightning does as the test says, deposits take the asset `stake`. */
export function meltingMint(): MeltingMint {
  const mint = memoryMint({ keysets: [FEE] });
  const backend = scriptedPayments();
  const [credited, left]: [string[], Promise<unknown>[]] = [[], []];
  const bolt11 = { ...present(mint.ports.bolt11, 'Lightning of the memory mint'), backend };
  const melting = meltPorts(mint, credited, left);
  return { ...mint, ports: { ...mint.ports, ...melting, bolt11 }, ...melting, backend, credited, left };
}

/** What a memory mint needs for melts. */
export function meltPorts(
  { store, clock, quotes }: MemoryMint,
  credited: string[] = [],
  left: Promise<unknown>[] = [],
) {
  return {
    ...{ melts: memoryMelts(store, clock), meltQuotes: memoryMeltQuotes(), deposits: memoryDeposits(credited) },
    ...{ payable: quotes, meltRules: BOLT11_RULES, patience: endlessPatience(left) },
  };
}

/** Waits for as long as it takes. */
function endlessPatience(left: Promise<unknown>[]): Patience {
  return {
    waitFor: (work) => work.catch(() => undefined),
    leave: (work) => void left.push(work.catch(() => undefined)),
  };
}

function memoryDeposits(credited: string[]): DepositCredits {
  return {
    acceptsUnit: async (asset, unit) => asset === 'stake' && unit === SAT_UNIT,
    credit: async ({ depositId }) => {
      if (!credited.includes(depositId)) credited.push(depositId);
      return 'credited';
    },
  };
}

/** Ecash out of nothing, as if it was minted long ago. */
export async function proofsIn(
  signatory: Signatory,
  keyset: Keyset,
  name: string,
  amounts: readonly bigint[],
): Promise<readonly ProofInput[]> {
  const blinded = blinds(name, amounts, keyset);
  const signed = await signatory.blindSign(blinded.map(({ output }) => output));
  if (!signed.ok) throw new Error(signed.error);
  return proofsOf(blinded, signed.value, keyset);
}

export async function aMeltQuote(mint: MeltingMint, request = 'lnbc1'): Promise<MeltQuote> {
  const asked = { request, unit: SAT_UNIT, amount: undefined, partMsat: undefined, amountlessMsat: undefined };
  const quote = await createMeltQuote(mint.ports, 'bolt11', asked);
  if (!quote.ok) throw new Error(quote.error.detail);
  return quote.value;
}

/** A request with `blanks` blank outputs; the name is its op id and the seed of them. */
export function meltCommand(
  { satKeyset }: Pick<MeltingMint, 'satKeyset'>,
  name: string,
  quote: Pick<MeltQuote, 'quote' | 'method'>,
  { inputs, blanks = 4 }: { readonly inputs: readonly ProofInput[]; readonly blanks?: number },
): MeltCommand {
  const amounts = Array.from({ length: blanks }, () => 1n);
  const outputs = blinds(`${name}-blank`, amounts, satKeyset).map(({ output }) => ({ ...output, amount: amount(0n) }));
  const { quote: quoteId, method } = quote;
  return { opId: opId(name), method, quoteId, inputs, outputs, prefersAsync: false };
}

export function meltAs(mint: MeltingMint, command: MeltCommand) {
  return melt(mint.ports, command);
}

/** Sat proofs of this mint. */
export function satProofs({ ports, satKeyset }: MeltingMint, name: string, amounts: readonly bigint[]) {
  return proofsIn(ports.signatory, satKeyset, name, amounts);
}
