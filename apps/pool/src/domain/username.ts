import { type LockingKey, parseLockingKey } from '@assay/shared/kernel/ids';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { floorLog2 } from './difficulty.ts';
import type { Worker } from './share.ts';

export type UsernameFault = 'bad-key' | 'bad-worker';

/** `<locking key>[.<worker>]` of `mining.authorize` (01-pool section 5). */
export function parseUsername(username: string): Result<Worker, UsernameFault> {
  const dot = username.indexOf('.');
  const keyText = dot < 0 ? username : username.slice(0, dot);
  const key = parseLockingKey(keyText);
  if (!key.ok) return key;
  const name = dot < 0 ? '' : username.slice(dot + 1);
  if (name === '') return ok({ lockingKey: key.value, name: 'default' });
  return /^[A-Za-z0-9._-]{1,32}$/.test(name) ? ok({ lockingKey: key.value, name }) : err('bad-worker');
}

/** Whether this key may be authorized on a connection that has `bound` already; one prefix belongs to one key. */
export function keyFits(bound: LockingKey | undefined, lockingKey: LockingKey): boolean {
  return bound === undefined || bound === lockingKey;
}

/** Difficulties that a miner asks for in the password, as k within what exists; the pool's bounds come on top. */
export interface PasswordWishes {
  readonly start?: number;
  readonly min?: number;
  readonly max?: number;
}

const WISHES = { 'd=': 'start', 'min=': 'min', 'max=': 'max' } as const;

/** Comma-separated `d=`, `min=`, `max=`; the last of a kind counts, and anything else is ignored. */
export function parsePassword(password: string): PasswordWishes {
  const wishes: { start?: number; min?: number; max?: number } = {};
  for (const part of password.split(',')) {
    for (const [mark, name] of Object.entries(WISHES)) {
      const k = part.startsWith(mark) ? kOfText(part.slice(mark.length)) : undefined;
      if (k !== undefined) wishes[name] = k;
    }
  }
  return wishes;
}

function kOfText(text: string): number | undefined {
  if (!/^[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?$/i.test(text)) return undefined;
  return kOfDifficulty(JSON.parse(text.replace(/^0+(?=[0-9])/, '')));
}

/** k = floor(log2 x) of a wanted difficulty, or undefined when it is not a finite number above 0. */
export function kOfDifficulty(x: unknown): number | undefined {
  return typeof x === 'number' && Number.isFinite(x) && x > 0 ? floorLog2(x) : undefined;
}
