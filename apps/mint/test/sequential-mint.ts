import type { IssuanceLevel } from '../src/domain/issuance-level.ts';
import type { Ending } from './scripted-payments.ts';

/** What a wallet or an operator does; names say what requests contain: the same name is the same request. */
export type Command =
  | { readonly do: 'mint'; readonly name: string; readonly quote: number; readonly keyset: number }
  | { readonly do: 'swap'; readonly name: string; readonly tokens: readonly Token[]; readonly keyset: number }
  | {
      readonly do: 'melt';
      readonly name: string;
      readonly quote: number;
      readonly tokens: readonly Token[];
      readonly keyset: number;
    }
  | { readonly do: 'rotate' }
  | { readonly do: 'pause'; readonly level: IssuanceLevel }
  | { readonly do: 'recover' };

export interface Token {
  readonly id: string;
  readonly amount: bigint;
}

/** Of every melt quote of the model. */
export const MELT_TERMS = { amount: 5n, feeReserve: 1n } as const;
const MELT_NEEDS = MELT_TERMS.amount + MELT_TERMS.feeReserve;

interface MeltState {
  readonly quote: number;
  readonly tokens: readonly string[];
  readonly attempt: number;
  readonly state: 'PENDING' | 'COMMITTED' | 'FAILED';
}

/** A mint that does one thing after the other. */
export interface SequentialMint {
  readonly level: IssuanceLevel;
  readonly activeKeyset: number;
  /** Names of committed mints and swaps. */
  readonly done: readonly string[];
  readonly issuedQuotes: readonly number[];
  readonly spent: readonly string[];
  readonly melts: Readonly<Record<string, MeltState>>;
}

export const NEW_MINT: SequentialMint = {
  ...{ level: 'NONE', activeKeyset: 0, done: [], issuedQuotes: [], spent: [], melts: {} },
};

/** How the first, second, … attempt to pay this melt ends, for good or for now. */
export function endingOf(name: string, attempt: number): Ending {
  const sum = [...name].reduce((total, letter) => total + letter.charCodeAt(0), attempt);
  return (['PAID', 'FAILED', 'UNKNOWN', 'PAID'] as const)[sum % 4] ?? 'PAID';
}

/** How what is UNKNOWN turns out. */
export function laterEndingOf(name: string): 'PAID' | 'FAILED' {
  return name.length % 2 === 0 ? 'PAID' : 'FAILED';
}

interface Step {
  readonly mint: SequentialMint;
  /** The answer, once there is one; `undefined`: the command goes on. */
  readonly answer: string | undefined;
}

type Act = (mint: SequentialMint) => Step;

/** The steps of a command, each of which is atomic. A melt checks, locks, pays and looks at what became of it. */
function actsOf(command: Command, before: SequentialMint): readonly Act[] {
  switch (command.do) {
    case 'mint':
      return [(mint) => mintOnce(mint, command)];
    case 'swap':
      return [(mint) => swapOnce(mint, command)];
    case 'melt':
      return [
        (mint) => ({ mint, answer: checkMelt(mint, command) }),
        (mint) => lock(mint, command),
        (mint) => ({ mint: ended(mint, command.name, endingOf), answer: undefined }),
        (mint) => ({ mint, answer: meltAnswer(mint, command.name) }),
      ];
    case 'rotate':
      return [(mint) => ({ mint: { ...mint, activeKeyset: mint.activeKeyset + 1 }, answer: 'ok' })];
    case 'pause':
      return [(mint) => ({ mint: { ...mint, level: command.level }, answer: 'ok' })];
    case 'recover':
      return [
        ...pendingIn(before).map((name) => (mint: SequentialMint) => ({
          mint: ended(mint, name, laterEndingOf),
          answer: undefined,
        })),
        (mint) => ({ mint, answer: 'ok' }),
      ];
  }
}

export function pendingIn({ melts }: SequentialMint): readonly string[] {
  return Object.entries(melts).flatMap(([name, { state }]) => (state === 'PENDING' ? [name] : []));
}

function mintOnce(mint: SequentialMint, { name, quote, keyset }: Extract<Command, { do: 'mint' }>): Step {
  if (mint.done.includes(name)) return { mint, answer: 'ok' };
  if (mint.level !== 'NONE') return { mint, answer: 'minting-disabled' };
  if (mint.issuedQuotes.includes(quote)) return { mint, answer: 'quote-issued' };
  if (keyset !== mint.activeKeyset) return { mint, answer: 'keyset-inactive' };
  const issuedQuotes = [...mint.issuedQuotes, quote];
  return { mint: { ...mint, issuedQuotes, done: [...mint.done, name] }, answer: 'ok' };
}

function swapOnce(mint: SequentialMint, { name, tokens, keyset }: Extract<Command, { do: 'swap' }>): Step {
  if (mint.done.includes(name)) return { mint, answer: 'ok' };
  if (mint.level === 'ALL') return { mint, answer: 'paused' };
  if (keyset !== mint.activeKeyset) return { mint, answer: 'keyset-inactive' };
  const refused = refusedTokens(mint, tokens);
  if (refused !== undefined) return { mint, answer: refused };
  const spent = [...mint.spent, ...tokens.map(({ id }) => id)];
  return { mint: { ...mint, spent, done: [...mint.done, name] }, answer: 'ok' };
}

type MeltCommand = Extract<Command, { do: 'melt' }>;

function checkMelt(mint: SequentialMint, { name, quote, tokens, keyset }: MeltCommand): string | undefined {
  if (isLive(mint, name)) return meltAnswer(mint, name);
  if (mint.level === 'ALL') return 'paused';
  const rival = Object.values(mint.melts).find((melt) => melt.quote === quote && melt.state !== 'FAILED');
  if (rival !== undefined) return rival.state === 'PENDING' ? 'quote-pending' : 'request-paid';
  if (keyset !== mint.activeKeyset) return 'keyset-inactive';
  return tokens.reduce((total, { amount }) => total + amount, 0n) < MELT_NEEDS ? 'unbalanced' : undefined;
}

/** Whoever finds its quote taken checks again. */
function lock(mint: SequentialMint, command: MeltCommand): Step {
  const { name, quote, tokens } = command;
  if (isLive(mint, name)) return { mint, answer: meltAnswer(mint, name) };
  const isTaken = Object.values(mint.melts).some((melt) => melt.quote === quote && melt.state !== 'FAILED');
  const refused = refusedTokens(mint, tokens) ?? (isTaken ? checkMelt(mint, command) : undefined);
  if (refused !== undefined) return { mint, answer: refused };
  const attempt = (mint.melts[name]?.attempt ?? 0) + 1;
  const melt: MeltState = { quote, tokens: tokens.map(({ id }) => id), attempt, state: 'PENDING' };
  return { mint: { ...mint, melts: { ...mint.melts, [name]: melt } }, answer: undefined };
}

function isLive({ melts }: SequentialMint, name: string): boolean {
  const state = melts[name]?.state;
  return state === 'PENDING' || state === 'COMMITTED';
}

function ended(
  mint: SequentialMint,
  name: string,
  endingFor: (name: string, attempt: number) => Ending,
): SequentialMint {
  const melt = mint.melts[name];
  if (melt?.state !== 'PENDING') return mint;
  const ending = endingFor(name, melt.attempt);
  if (ending !== 'PAID' && ending !== 'FAILED') return mint;
  const isPaid = ending === 'PAID';
  const melts = { ...mint.melts, [name]: { ...melt, state: isPaid ? ('COMMITTED' as const) : ('FAILED' as const) } };
  return { ...mint, melts, spent: isPaid ? [...mint.spent, ...melt.tokens] : mint.spent };
}

function meltAnswer({ melts }: SequentialMint, name: string): string {
  const state = melts[name]?.state;
  return state === 'COMMITTED' ? 'PAID' : state === 'PENDING' ? 'PENDING' : 'payment-failed';
}

function refusedTokens({ spent, melts }: SequentialMint, tokens: readonly Token[]): string | undefined {
  if (tokens.some(({ id }) => spent.includes(id))) return 'already-spent';
  const locked = Object.values(melts).flatMap((melt) => (melt.state === 'PENDING' ? melt.tokens : []));
  return tokens.some(({ id }) => locked.includes(id)) ? 'input-pending' : undefined;
}

/** Mints after one of the orders in which the steps of these commands give exactly these answers; none: no order does. */
export function explain(
  before: SequentialMint,
  commands: readonly Command[],
  answers: readonly string[],
): readonly SequentialMint[] {
  const found = new Map<string, SequentialMint>();
  const seen = new Set<string>();
  const acts = commands.map((command) => actsOf(command, before));
  const search = (mint: SequentialMint, at: readonly number[]) => {
    const here = JSON.stringify([mint, at]);
    if (seen.has(here)) return;
    seen.add(here);
    if (at.every((position, index) => position === acts[index]?.length)) found.set(keyOf(mint), mint);
    for (const [index, position] of at.entries()) {
      const act = acts[index]?.[position];
      if (act === undefined) continue;
      const { mint: next, answer } = act(mint);
      if (answer !== undefined && answer !== answers[index]) continue;
      const moved = answer === undefined ? position + 1 : (acts[index]?.length ?? 0);
      search(next, at.with(index, moved));
    }
  };
  search(before, Array<number>(commands.length).fill(0));
  return [...found.values()];
}

/** Two mints that did the same in another order are one. */
function keyOf({ done, issuedQuotes, spent, melts, ...rest }: SequentialMint): string {
  const sorted = { done: done.toSorted(), issuedQuotes: issuedQuotes.toSorted(), spent: spent.toSorted() };
  return JSON.stringify({ ...rest, ...sorted, melts: Object.entries(melts).toSorted() });
}
