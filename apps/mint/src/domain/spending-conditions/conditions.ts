import { type Bytes, parseHex, toHex } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { isPublicKey } from '@assay/shared/kernel/schnorr';
import type { ConditionalSecret, SecretDefect, Tag } from '../secret.ts';

const TAGS_ONCE = ['sigflag', 'pubkeys', 'n_sigs', 'locktime', 'refund', 'n_sigs_refund'] as const;
type TagName = (typeof TAGS_ONCE)[number];
const SIGFLAGS = ['SIG_INPUTS', 'SIG_ALL'] as const;
type Sigflag = (typeof SIGFLAGS)[number];
const DIGITS = /^[0-9]+$/;

export type ConditionsDefect =
  | SecretDefect
  | 'tag-repeated'
  | 'sigflag-unknown'
  | 'data-invalid'
  | 'key-invalid'
  | 'key-repeated'
  | 'n-sigs-invalid'
  | 'n-sigs-refund-invalid';

/** Enough signatures of different keys. */
export interface Multisig {
  /** x-only, 32 bytes each, no two alike. */
  readonly keys: readonly Bytes[];
  /** Zero only without keys. */
  readonly needed: bigint;
}

/** What a conditional secret without a defect asks of whoever spends it (NUT-11, NUT-14). */
export interface Conditions {
  readonly sigflag: Sigflag;
  /** HTLC: sha of the preimage that `main` needs too. */
  readonly hashLock: Bytes | undefined;
  /** Open at any time: P2PK {data, pubkeys}, HTLC {pubkeys}. */
  readonly main: Multisig;
  /** Unix seconds; undefined: locked for ever. */
  readonly locktimeS: bigint | undefined;
  /** Open from the locktime on; undefined: from then on anyone may spend. */
  readonly refund: Multisig | undefined;
  /** Kind, data and tags as text: under SIG_ALL all inputs have the same. */
  readonly terms: string;
}

type Tags = ReadonlyMap<string, readonly string[]>;

/** The conditions of a secret, or the defect for which nobody may spend it (03-mint section 7). */
export function conditionsOf(secret: ConditionalSecret): Result<Conditions, ConditionsDefect> {
  const tags = tagsOnce(secret.tags);
  if (!tags.ok) return tags;
  const sigflag = sigflagOf(tags.value);
  if (sigflag === undefined) return err('sigflag-unknown');
  const lock = secret.kind === 'P2PK' ? keyLock(secret.data) : hashLock(secret.data);
  if (lock === undefined) return err('data-invalid');
  const main = multisig([...lock.keys, ...valuesOf(tags.value, 'pubkeys')], tags.value.get('n_sigs'), 'n-sigs-invalid');
  if (!main.ok) return main;
  const refund = refundOf(tags.value);
  if (!refund.ok) return refund;
  return ok({
    sigflag,
    hashLock: lock.hash,
    main: main.value,
    locktimeS: locktimeOf(tags.value),
    refund: refund.value,
    terms: JSON.stringify([secret.kind, secret.data, secret.tags]),
  });
}

/** By name; only names without a meaning here may come twice. */
function tagsOnce(tags: readonly Tag[]): Result<Tags, 'tag-repeated'> {
  const known = new Map<string, readonly string[]>();
  for (const [name, ...values] of tags.filter(([tagName]) => TAGS_ONCE.some((once) => once === tagName))) {
    if (known.has(name)) return err('tag-repeated');
    known.set(name, values);
  }
  return ok(known);
}

function valuesOf(tags: Tags, name: TagName): readonly string[] {
  return tags.get(name) ?? [];
}

function sigflagOf(tags: Tags): Sigflag | undefined {
  const values = tags.get('sigflag') ?? ['SIG_INPUTS'];
  return values.length === 1 ? SIGFLAGS.find((flag) => flag === values[0]) : undefined;
}

interface Lock {
  /** In hex. */
  readonly keys: readonly string[];
  readonly hash: Bytes | undefined;
}

function keyLock(data: string): Lock | undefined {
  return xOnlyOf(data) === undefined ? undefined : { keys: [data], hash: undefined };
}

function hashLock(data: string): Lock | undefined {
  const hash = parseHex(data, 32);
  return hash.ok ? { keys: [], hash: hash.value } : undefined;
}

function refundOf(tags: Tags): Result<Multisig | undefined, ConditionsDefect> {
  const keys = tags.get('refund');
  const asked = tags.get('n_sigs_refund');
  const refund = multisig(keys ?? [], asked, 'n-sigs-refund-invalid');
  if (!refund.ok) return refund;
  if (keys === undefined) return ok(undefined);
  // A refund tag without keys: not anyone's, but nobody can sign for it.
  return ok(keys.length === 0 ? { keys: [], needed: 1n } : refund.value);
}

function multisig(
  hexKeys: readonly string[],
  asked: readonly string[] | undefined,
  defect: 'n-sigs-invalid' | 'n-sigs-refund-invalid',
): Result<Multisig, ConditionsDefect> {
  const keys = hexKeys.flatMap((hex) => xOnlyOf(hex) ?? []);
  if (keys.length < hexKeys.length) return err('key-invalid');
  if (new Set(keys.map(toHex)).size < keys.length) return err('key-repeated');
  if (asked === undefined) return ok({ keys, needed: keys.length === 0 ? 0n : 1n });
  const needed = integerOf(asked);
  const isReachable = needed !== undefined && needed > 0n && needed <= BigInt(keys.length);
  return isReachable ? ok({ keys, needed }) : err(defect);
}

/** A locktime that is no Unix time locks for ever, as none at all. */
function locktimeOf(tags: Tags): bigint | undefined {
  return integerOf(valuesOf(tags, 'locktime'));
}

/** The only value, in decimal digits. */
function integerOf(values: readonly string[]): bigint | undefined {
  const [only] = values;
  return values.length === 1 && only !== undefined && DIGITS.test(only) ? BigInt(only) : undefined;
}

/** The x of a compressed point in hex of either case: 02… and 03… are one key. */
function xOnlyOf(hex: string): Bytes | undefined {
  const key = parseHex(hex, 33);
  return key.ok && isPublicKey(key.value) ? key.value.subarray(1) : undefined;
}
