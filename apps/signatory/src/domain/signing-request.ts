import type { UnixMs } from '@assay/shared/kernel/clock';
import { type Bytes, toHex } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { uncompressedPoint } from '@assay/shared/kernel/cashu-curve';
import { isPublicKey } from '@assay/shared/kernel/schnorr';
import type { SignJob, VerifyJob } from './blind-signature.ts';
import type { KeyPair, Keyset, Unit } from './keyset.ts';
import { mayIssue } from './keyset-state.ts';
import { type Refusal, refusal } from './refusal.ts';

/** A keyset with its place in the life of its unit. */
export interface LiveKeyset {
  readonly keyset: Keyset;
  readonly active: boolean;
  /** Undefined while active. */
  readonly retiredAt: UnixMs | undefined;
}

export interface BlindedMessage {
  readonly amount: bigint;
  /** Lower-case hex. */
  readonly keysetId: string;
  /** B_ as it came. */
  readonly blindedMessage: Bytes;
}

export interface ProofToVerify {
  readonly amount: bigint;
  readonly keysetId: string;
  /** UTF-8 bytes. */
  readonly secret: Bytes;
  /** C as it came. */
  readonly signature: Bytes;
}

/** Keyset id → keyset, for every id of the request that is known. */
export type KnownKeysets = ReadonlyMap<string, LiveKeyset>;

/** Everything that a request would sign: nothing was signed yet. */
export interface SigningPlan {
  /** In the order of the request. */
  readonly jobs: readonly SignJob[];
  readonly issued: ReadonlyMap<Unit, bigint>;
}

/** The plan for a request, or the first refusal in its order: all or nothing. */
export function planSigning(
  messages: readonly BlindedMessage[],
  known: KnownKeysets,
  { now, graceMs }: { readonly now: UnixMs; readonly graceMs: number },
): Result<SigningPlan, Refusal> {
  const jobs: SignJob[] = [];
  const issued = new Map<Unit, bigint>();
  const seen = new Set<string>();
  for (const message of messages) {
    const key = keyToSign(message, known, seen, now, graceMs);
    if (!key.ok) return key;
    const { pair, unit, point } = key.value;
    jobs.push({
      secretKey: pair.secretKey,
      publicKey: pair.publicKeyUncompressed,
      blindedMessage: point,
    });
    issued.set(unit, (issued.get(unit) ?? 0n) + message.amount);
  }
  return ok({ jobs, issued });
}

/** What to verify, or the first refusal. Expired and inactive keysets verify: whether they may be spent is the mint's rule. */
export function planVerification(
  proofs: readonly ProofToVerify[],
  known: KnownKeysets,
): Result<readonly VerifyJob[], Refusal> {
  const jobs: VerifyJob[] = [];
  const seen = new Set<string>();
  for (const { amount, keysetId, secret, signature } of proofs) {
    if (!isPublicKey(signature)) return err(refusal('invalid-proof', 'C is no compressed point of the curve'));
    const live = known.get(keysetId);
    if (live === undefined) return err(refusal('keyset-not-known', 'keyset not known'));
    const key = keyOf(live, amount);
    if (!key.ok) return key;
    const text = toHex(secret);
    if (seen.has(text)) return err(refusal('duplicate-inputs', 'the same secret twice in one request'));
    seen.add(text);
    jobs.push({ secretKey: key.value.secretKey, secret, signature });
  }
  return ok(jobs);
}

function keyToSign(
  { amount, keysetId, blindedMessage }: BlindedMessage,
  known: KnownKeysets,
  seen: Set<string>,
  now: UnixMs,
  graceMs: number,
): Result<{ readonly pair: KeyPair; readonly unit: Unit; readonly point: Bytes }, Refusal> {
  const point = uncompressedPoint(blindedMessage);
  if (point === undefined) return err(refusal('invalid-blind-message', 'B_ is no compressed point of the curve'));
  const text = toHex(blindedMessage);
  if (seen.has(text)) return err(refusal('duplicate-outputs', 'the same B_ twice in one request'));
  seen.add(text);
  const live = known.get(keysetId);
  if (live === undefined) return err(refusal('keyset-not-known', 'keyset not known'));
  const { keyset, retiredAt } = live;
  if (!mayIssue({ retiredAt, finalExpiry: keyset.finalExpiry }, now, graceMs)) {
    return err(refusal('keyset-inactive', 'keyset is expired, or retired for longer than the grace'));
  }
  const key = keyOf(live, amount);
  return key.ok ? ok({ pair: key.value, unit: keyset.unit, point }) : key;
}

function keyOf({ keyset }: LiveKeyset, amount: bigint): Result<KeyPair, Refusal> {
  const key = keyset.keys.get(amount);
  return key === undefined ? err(refusal('amount-outside-limit', 'not a denomination of the keyset')) : ok(key);
}
