import { join } from 'node:path';
import type { MintUnderTest } from './mint-under-test.ts';
import { runProgram } from './run-program.ts';

/** One wallet of the `cashu` command, in a folder of its own: a named one receives with another seed than it locks with. Amounts are sat. */
export interface NutshellWallet {
  /** Asks for an invoice, waits until it is paid, mints; the balance afterwards. */
  mint(amount: number): Promise<number>;
  /** An invoice that is not waited for. */
  ask(amount: number): Promise<{ request: string; quote: string }>;
  /** Mints a paid quote; the balance afterwards. */
  claim(amount: number, quote: string): Promise<number>;
  send(amount: number, lock?: string): Promise<string>;
  /** The balance afterwards; undefined when the mint or the wallet refused. */
  receive(token: string): Promise<number | undefined>;
  lock(): Promise<string>;
  /** Whether the wallet says that it is paid. */
  pay(request: string): Promise<boolean>;
  balance(): Promise<number>;
}

export function nutshellWallet(program: string, name: string, mint: MintUnderTest): NutshellWallet {
  const env = { CASHU_DIR: join(mint.scratch, name), MINT_URL: mint.url, TOR: 'FALSE', DEBUG: 'FALSE' };
  const say = async (...args: readonly string[]) => {
    const { code, output } = await runProgram(program, ['-h', mint.url, '-y', ...args], { env });
    return { code, output };
  };
  const told = async (...args: readonly string[]) => {
    const { code, output } = await say(...args);
    if (code !== 0) throw new Error(`cashu ${args[0]} of ${name} ended with ${code}`);
    return output;
  };
  return {
    mint: async (amount) => balanceIn(await told('invoice', String(amount))),
    ask: async (amount) => {
      const output = await told('invoice', String(amount), '--no-check');
      return { request: first(output, /Invoice: (\S+)/), quote: first(output, /--id (\S+)/) };
    },
    claim: async (amount, quote) => balanceIn(await told('invoice', String(amount), '--id', quote)),
    send: async (amount, lock) =>
      first(await told('send', String(amount), ...(lock === undefined ? [] : ['--lock', lock])), /(cashu[AB]\S+)/),
    receive: async (token) => {
      const { code, output } = await say('receive', token);
      return code === 0 ? balanceIn(output) : undefined;
    },
    lock: async () => first(await told('lock', 'p2pk'), /lock: (P2PK:\S+)/),
    pay: async (request) => /Invoice paid\./.test((await say('pay', request)).output),
    balance: async () => balanceIn(await told('balance')),
  };
}

/** The last balance that was printed. */
function balanceIn(output: string): number {
  const last = [...output.matchAll(/Balance: (\d+)/g)].at(-1);
  if (last === undefined) throw new Error('the wallet printed no balance');
  return Number(last[1]);
}

function first(output: string, pattern: RegExp): string {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`the wallet printed nothing like ${pattern.source}`);
  return found;
}
