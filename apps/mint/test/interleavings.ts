import { present } from '@assay/shared/kernel/assert';
import { amount } from '@assay/shared/kernel/money';
import type { FakeClock } from '@assay/testkit/fake-clock';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { IssuanceLevel } from '../src/domain/issuance-level.ts';
import type { OperationOutput } from '../src/domain/operation.ts';
import type { ProofInput } from '../src/domain/request.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { createMeltQuote, type CreateMeltPorts } from '../src/flows/create-melt-quote.ts';
import { issueTokens, type IssuePorts } from '../src/flows/issue-tokens.ts';
import { melt, type MeltPorts } from '../src/flows/melt.ts';
import { recoverMelts } from '../src/flows/recover-melts.ts';
import { swap } from '../src/flows/swap.ts';
import type { Keysets } from '../src/ports.ts';
import { aKeyset, memorySignatory } from './memory-keys.ts';
import { meltCommand, proofsIn } from './melting-mint.ts';
import { blinds, mintRequest, opId, proofsOf, swapRequest } from './requests.ts';
import type { ScriptedPayments } from './scripted-payments.ts';
import {
  type Command,
  endingOf,
  explain,
  laterEndingOf,
  MELT_TERMS,
  NEW_MINT,
  pendingIn,
  type SequentialMint,
  type Token,
} from './sequential-mint.ts';
import { denominationsOf } from './wallet-secrets.ts';

const ROTATIONS_MAX = 5;
const KEYSETS = Array.from({ length: ROTATIONS_MAX + 1 }, (_, index) =>
  aKeyset({ name: `k-${index}`, unit: SAT_UNIT }),
);
const MELT_QUOTES = 2;
export const MINT_QUOTES = 3;
export const MINT_QUOTE_AMOUNT = 8n;
const FIRST_TOKENS = [8n, 8n, 4n, 4n];
const QUIET_MS = 5_500;

export type InterleavedPorts = MeltPorts & IssuePorts & CreateMeltPorts;

/** What the machinery of a run turns. */
export interface Turned {
  level: IssuanceLevel;
  active: number;
}

export interface Interleaved {
  /** Instances before one store. */
  readonly instances: readonly InterleavedPorts[];
  readonly backend: ScriptedPayments;
  readonly clock: FakeClock;
  /** Ids of locked quotes of 8 sat each, paid. */
  readonly quotes: readonly string[];
  readonly turned: Turned;
}

/** Keysets of which one is active at a time, and a signatory in whose grace all others are. */
export function turningKeys(turned: Turned) {
  const all = () => KEYSETS.map((keyset, index) => ({ ...keyset, active: index === turned.active }));
  const keysets: Keysets = { get: (id) => all().find((keyset) => keyset.id === id), all, isFresh: () => true };
  const inGrace: Keysets = { ...keysets, get: (id) => KEYSETS.find((keyset) => keyset.id === id) };
  return { keysets, signatory: memorySignatory(inGrace), control: { level: () => turned.level } };
}

const wish = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('mint' as const), pick: fc.nat(), split: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('swap' as const), pick: fc.nat(), more: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('melt' as const), pick: fc.nat(), more: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pause' as const),
      level: fc.constantFrom('NONE', 'ISSUANCE', 'ALL', 'NONE'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('recover' as const) }) },
);
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

/** Rounds of commands that go at once, each round after the one before. */
export const ROUNDS = fc.array(fc.array(wish, { minLength: 1, maxLength: 3 }), { minLength: 4, maxLength: 14 });

interface Held extends Token {
  readonly proof: ProofInput;
}

/** Runs the rounds, and after each explains its answers by a mint that does one thing after the other. */
export async function runInterleaved(mint: Interleaved, rounds: readonly (readonly Wish[])[]): Promise<void> {
  const run = await Run.start(mint);
  for (const round of rounds) await run.round(round);
  await run.round([{ do: 'recover' }]);
  expect(new Set(mint.backend.paid.map(({ request }) => request)).size).toBe(mint.backend.paid.length);
}

class Run {
  readonly #mint: Interleaved;
  readonly #meltQuotes: readonly string[];
  readonly #held: Held[] = [];
  #believed: readonly SequentialMint[] = [NEW_MINT];
  #turn = 0;

  private constructor(mint: Interleaved, meltQuotes: readonly string[]) {
    this.#mint = mint;
    this.#meltQuotes = meltQuotes;
  }

  static async start(mint: Interleaved): Promise<Run> {
    const [ports] = mint.instances;
    const meltQuotes: string[] = [];
    mint.backend.terms = { amount: amount(MELT_TERMS.amount), feeReserve: amount(MELT_TERMS.feeReserve) };
    for (let index = 0; index < MELT_QUOTES; index += 1) {
      const asked = { request: `lnbc${index}`, unit: SAT_UNIT, amount: undefined, partMsat: undefined };
      const created = await createMeltQuote(present(ports, 'ports'), 'bolt11', { ...asked, amountlessMsat: undefined });
      if (!created.ok) throw new Error(created.error.detail);
      meltQuotes.push(created.value.quote);
    }
    const run = new Run(mint, meltQuotes);
    const keyset = present(KEYSETS[0], 'keyset');
    for (const [index, value] of FIRST_TOKENS.entries()) {
      const [proof] = await proofsIn(present(ports, 'ports').signatory, keyset, `first-${index}`, [value]);
      run.#held.push({ id: `first-${index}`, amount: value, proof: present(proof, 'proof') });
    }
    return run;
  }

  async round(wishes: readonly Wish[]): Promise<void> {
    const commands = wishes.map((each) => this.#commandOf(each)).filter((command) => command !== undefined);
    const answers = await Promise.all(commands.map((command) => this.#answerOf(command)));
    const explained = this.#believed.flatMap((mint) => explain(mint, commands, answers));
    expect({ commands: describe(commands), answers, orders: explained.length }).not.toMatchObject({ orders: 0 });
    this.#believed = explained;
  }

  #commandOf(wished: Wish): Command | undefined {
    const keyset = this.#mint.turned.active;
    switch (wished.do) {
      case 'mint': {
        const quote = wished.pick % MINT_QUOTES;
        return { do: 'mint', name: `mint-${quote}-${wished.split ? 'split' : 'whole'}-${keyset}`, quote, keyset };
      }
      case 'swap': {
        const tokens = this.#pick(wished.pick, wished.more);
        return { do: 'swap', name: `swap-${tokens.map(({ id }) => id).join('+')}-${keyset}`, tokens, keyset };
      }
      case 'melt': {
        const [quote, tokens] = [wished.pick % MELT_QUOTES, this.#pick(wished.pick, wished.more)];
        return {
          do: 'melt',
          name: `melt-${quote}-${tokens.map(({ id }) => id).join('+')}-${keyset}`,
          quote,
          tokens,
          keyset,
        };
      }
      case 'rotate':
        return keyset < ROTATIONS_MAX ? { do: 'rotate' } : undefined;
      case 'pause':
        return { do: 'pause', level: wished.level };
      case 'recover':
        return { do: 'recover' };
    }
  }

  #pick(pick: number, more: boolean): readonly Token[] {
    const first = pick % this.#held.length;
    const second = (first + 1) % this.#held.length;
    return (more ? [first, second] : [first]).map((index) => {
      const { id, amount: value } = present(this.#held[index], 'token');
      return { id, amount: value };
    });
  }

  async #answerOf(command: Command): Promise<string> {
    const ports = present(this.#mint.instances[(this.#turn += 1) % this.#mint.instances.length], 'ports');
    switch (command.do) {
      case 'mint':
        return this.#mintTokens(ports, command);
      case 'swap':
        return this.#swapTokens(ports, command);
      case 'melt':
        return this.#meltTokens(ports, command);
      case 'recover':
        return this.#recover(ports);
      case 'rotate':
        this.#mint.turned.active += 1;
        return 'ok';
      case 'pause':
        this.#mint.turned.level = command.level;
        return 'ok';
    }
  }

  async #mintTokens(ports: InterleavedPorts, { name, quote, keyset }: Extract<Command, { do: 'mint' }>) {
    const amounts = name.includes('split') ? [4n, 4n] : [8n];
    const quoteId = present(this.#mint.quotes[quote], 'quote');
    const request = mintRequest(name, amounts, present(KEYSETS[keyset], 'keyset'), { quoteId });
    const answer = await issueTokens(ports, { ...request, method: 'bolt11' });
    if (answer.ok) this.#hold(name, name, amounts, answer.value);
    return answer.ok ? 'ok' : answer.error.code;
  }

  async #swapTokens(ports: InterleavedPorts, { name, tokens, keyset }: Extract<Command, { do: 'swap' }>) {
    const amounts = denominationsOf(tokens.reduce((total, token) => total + token.amount, 0n));
    const request = swapRequest(name, this.#proofs(tokens), amounts, present(KEYSETS[keyset], 'keyset'));
    const answer = await swap(ports, opId(name), request);
    if (answer.ok) this.#hold(name, name, amounts, answer.value);
    return answer.ok ? 'ok' : answer.error.code;
  }

  async #meltTokens(ports: InterleavedPorts, { name, quote, tokens, keyset }: Extract<Command, { do: 'melt' }>) {
    const asked = { quote: present(this.#meltQuotes[quote], 'quote'), method: 'bolt11' } as const;
    const satKeyset = present(KEYSETS[keyset], 'keyset');
    this.#mint.backend.endsOf = (id) => {
      const [known, attempt = '1'] = id.split('-');
      return endingOf(present(this.#names.get(known ?? ''), 'melt'), Number(attempt));
    };
    this.#names.set(opId(name), name);
    const answer = await melt(
      ports,
      meltCommand({ satKeyset }, name, asked, { inputs: this.#proofs(tokens), blanks: 4 }),
    );
    if (!answer.ok) return answer.error.code;
    if (answer.value.state === 'PAID') {
      const change = answer.value.change;
      this.#hold(
        name,
        `${name}-blank`,
        change.map((output) => output.amount),
        change,
      );
    }
    return answer.value.state;
  }

  readonly #names = new Map<string, string>();

  async #recover(ports: InterleavedPorts) {
    const pending = new Set(this.#believed.flatMap(pendingIn));
    this.#mint.clock.advance(QUIET_MS);
    for (const name of pending) {
      for (const [id, payment] of this.#mint.backend.outgoing) {
        const isOf = id.split('-')[0] === opId(name);
        if (isOf && payment.is === 'UNKNOWN') this.#mint.backend.decide(id, laterEndingOf(name));
      }
    }
    await recoverMelts(ports);
    return 'ok';
  }

  #proofs(tokens: readonly Token[]): readonly ProofInput[] {
    return tokens.map(
      ({ id }) =>
        present(
          this.#held.find((held) => held.id === id),
          'token',
        ).proof,
    );
  }

  #hold(name: string, seed: string, amounts: readonly bigint[], signed: readonly OperationOutput[]): void {
    if (this.#held.some(({ id }) => id.startsWith(`${name}/`))) return;
    const [first] = signed;
    if (first === undefined) return;
    const keyset = present(
      KEYSETS.find(({ id }) => id === first.keyset),
      'keyset',
    );
    const proofs = proofsOf(blinds(seed, amounts, keyset), signed, keyset);
    proofs.forEach((proof, index) => this.#held.push({ id: `${name}/${index}`, amount: proof.amount, proof }));
  }
}

function describe(commands: readonly Command[]): readonly string[] {
  return commands.map((command) => ('name' in command ? command.name : command.do));
}
