import { ceilLog2 } from '../../domain/difficulty.ts';
import { readHex } from '../../domain/submit-params.ts';
import { maskText } from './answers.ts';

const EXTENSIONS_MAX = 16;
const EVERY_BIT = 0xffff_ffff;

/** What one `mining.configure` agreed; what is missing was not asked for. */
export interface Configured {
  /** The JSON object of the answer. */
  readonly answer: string;
  /** 0 when rolling was asked for, but no bit is left. */
  readonly versionMask?: number;
  /** Lower bound of vardiff as k; undefined in `lower` lifts it. */
  readonly minimum?: { readonly lower: number | undefined };
  readonly extranonceSubscribed?: true;
}

type Options = Readonly<Record<string, unknown>>;
type Part = Omit<Configured, 'answer'> & { readonly fields: Readonly<Record<string, unknown>> };

/** Reads `[[extension…], {options}]`; undefined when the form is wrong. @param poolMask POOL_VERSION_MASK */
export function configure(params: readonly unknown[], poolMask: number): Configured | undefined {
  const [names, options = {}] = params;
  if (!Array.isArray(names) || names.length > EXTENSIONS_MAX || !isOptions(options)) return undefined;
  let agreed: Configured = { answer: '' };
  const fields: Record<string, unknown> = {};
  for (const name of names as readonly unknown[]) {
    if (typeof name !== 'string') return undefined;
    const part = extension(name, options, poolMask);
    if (part === undefined) return undefined;
    const { fields: answered, ...rest } = part;
    for (const [key, value] of Object.entries(answered)) define(fields, key, value);
    agreed = { ...agreed, ...rest };
  }
  return { ...agreed, answer: JSON.stringify(fields) };
}

/** As an own property, whatever its name: `__proto__` is a name like any other. */
function define(fields: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
}

function extension(name: string, options: Options, poolMask: number): Part | undefined {
  switch (name) {
    case 'version-rolling':
      return versionRolling(options, poolMask);
    case 'minimum-difficulty':
      return minimumDifficulty(options);
    case 'subscribe-extranonce':
      return { extranonceSubscribed: true, fields: { [name]: true } };
    case 'info':
      return { fields: { [name]: true } };
    default:
      return { fields: Object.fromEntries([[name, false]]) };
  }
}

function versionRolling(options: Options, poolMask: number): Part | undefined {
  const asked = options['version-rolling.mask'];
  const bits = asked === undefined ? EVERY_BIT : readHex(asked);
  if (bits < 0) return undefined;
  const mask = (poolMask & bits) >>> 0;
  if (mask === 0) return { versionMask: 0, fields: { 'version-rolling': false } };
  return { versionMask: mask, fields: { 'version-rolling': true, 'version-rolling.mask': maskText(mask) } };
}

function minimumDifficulty(options: Options): Part | undefined {
  const value = options['minimum-difficulty.value'] ?? 0;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined;
  const lower = value === 0 ? undefined : ceilLog2(value);
  return { minimum: { lower }, fields: { 'minimum-difficulty': true } };
}

function isOptions(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
