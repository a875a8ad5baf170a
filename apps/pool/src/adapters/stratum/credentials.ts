import { type LockingKey, parseLockingKey } from '@assay/shared/kernel/ids';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { floorLog2 } from '../../domain/difficulty.ts';
import type { Worker } from '../../domain/share.ts';

const KEY_DIGITS = 66;
const WORKER_NAME = /^[A-Za-z0-9._-]{1,32}$/;

/** Reads `<locking key>[.<worker>]`; a missing or empty worker name is `default`. */
export function parseUsername(username: string): Result<Worker, 'bad-key' | 'bad-worker'> {
  const dot = username.indexOf('.');
  const digits = dot === -1 ? username : username.slice(0, dot);
  if (digits.length !== KEY_DIGITS) return err('bad-key');
  const key = parseLockingKey(digits);
  if (!key.ok) return key;
  const name = dot === -1 ? '' : username.slice(dot + 1);
  if (name === '') return ok(workerOf(key.value, 'default'));
  return WORKER_NAME.test(name) ? ok(workerOf(key.value, name)) : err('bad-worker');
}

function workerOf(lockingKey: LockingKey, name: string): Worker {
  return { lockingKey, name };
}

/** Wishes of a password, as k; a part that is no difficulty is left out. */
export interface PasswordWishes {
  readonly start?: number;
  readonly lower?: number;
  readonly upper?: number;
}

const PASSWORD_PARTS_MAX = 16;
const WISHES: Readonly<Record<string, keyof PasswordWishes>> = { d: 'start', min: 'lower', max: 'upper' };

/** Reads `d=`, `min=` and `max=` from the comma-separated parts of a password. */
export function parsePassword(password: unknown): PasswordWishes {
  if (typeof password !== 'string') return {};
  const wishes: { -readonly [Name in keyof PasswordWishes]: PasswordWishes[Name] } = {};
  for (const part of password.split(',', PASSWORD_PARTS_MAX)) {
    const [, name, text] = /^\s*(d|min|max)=([0-9.eE+-]{1,32})\s*$/.exec(part) ?? [];
    const wish = name === undefined ? undefined : WISHES[name];
    const value = Number(text);
    if (wish !== undefined && Number.isFinite(value) && value > 0) wishes[wish] = floorLog2(value);
  }
  return wishes;
}
