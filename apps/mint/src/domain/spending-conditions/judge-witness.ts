import { type Bytes, bytesEqual } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { once } from '../once.ts';
import type { Conditions, Multisig } from './conditions.ts';
import { type SignerCount, signerCount } from './signer-count.ts';
import type { Witness } from './witness.ts';

/** What a witness lacks, in the words that wallets match. */
export const WITNESS_FAULTS = {
  'no-signatures': 'no witness: signatures not provided',
  'no-valid-signature': 'witness has no valid p2pk signature',
  'too-few-signatures': 'witness has too few p2pk signatures',
  'no-preimage': 'witness has no valid htlc preimage',
} as const;

export type WitnessFault = keyof typeof WITNESS_FAULTS;

export interface WitnessSubject {
  readonly conditions: Conditions;
  readonly witness: Witness;
  /** The 32 bytes that are to be signed. */
  readonly message: Bytes;
  readonly now: UnixMs;
}

/** What a witness lacks; undefined: the conditions are met. */
export type WitnessJudge = (subject: WitnessSubject) => WitnessFault | undefined;

/** Judges the witnesses of one request. One pathway is enough, and none is made of parts of two. */
export function witnessJudge(witnesses: number): WitnessJudge {
  const countSigners = signerCount(witnesses);
  // Who takes back many proofs signs as refund for all of them: trying the main keys first would waste the misses.
  let refundedLast = false;

  return (subject) => {
    const { locktimeS, refund } = subject.conditions;
    const isUnlocked = locktimeS !== undefined && BigInt(subject.now) >= locktimeS * 1_000n;
    if (!isUnlocked) return faultOfMain(subject, countSigners);
    if (refund === undefined) return undefined;

    const byMain = once(() => faultOfMain(subject, countSigners));
    const byRefund = once(() => faultOfSigners(subject, refund, countSigners));
    const opened = (refundedLast ? [byRefund, byMain] : [byMain, byRefund]).find((fault) => fault() === undefined);
    if (opened === undefined) return isMainMeant(subject, byMain()) ? byMain() : byRefund();
    refundedLast = opened === byRefund;
    return undefined;
  };
}

/** Whether the spender seems to have meant the main pathway, whose fault is then told. */
function isMainMeant({ witness }: WitnessSubject, fault: WitnessFault | undefined): boolean {
  return fault === 'too-few-signatures' || witness.preimage !== undefined;
}

function faultOfMain(subject: WitnessSubject, countSigners: SignerCount): WitnessFault | undefined {
  const { hashLock, main } = subject.conditions;
  const { preimage } = subject.witness;
  const opens = hashLock === undefined || (preimage !== undefined && bytesEqual(sha256(preimage), hashLock));
  return opens ? faultOfSigners(subject, main, countSigners) : 'no-preimage';
}

function faultOfSigners(
  { witness, message }: WitnessSubject,
  multisig: Multisig,
  countSigners: SignerCount,
): WitnessFault | undefined {
  if (multisig.needed === 0n) return undefined;
  if (witness.given === 0) return 'no-signatures';
  const signers = countSigners(message, witness.signatures, multisig);
  if (signers >= multisig.needed) return undefined;
  return signers === 0n ? 'no-valid-signature' : 'too-few-signatures';
}
