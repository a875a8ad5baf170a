import { type Bytes, bytesEqual } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import type { Conditions, Multisig } from './conditions.ts';
import type { SignerCount } from './signer-count.ts';
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

/** Undefined: the conditions are met. One pathway is enough, and none is made of parts of two. */
export function faultOfWitness(subject: WitnessSubject, countSigners: SignerCount): WitnessFault | undefined {
  const { conditions, witness, now } = subject;
  const isUnlocked = conditions.locktimeS !== undefined && BigInt(now) >= conditions.locktimeS * 1_000n;
  if (isUnlocked && conditions.refund === undefined) return undefined;

  const ofMain = faultOfMain(subject, countSigners);
  if (ofMain === undefined || !isUnlocked || conditions.refund === undefined) return ofMain;

  const ofRefund = faultOfSigners(subject, conditions.refund, countSigners);
  if (ofRefund === undefined) return undefined;
  // The fault of the pathway that the spender seems to have meant.
  const meantMain = ofMain === 'too-few-signatures' || witness.preimage !== undefined;
  return meantMain ? ofMain : ofRefund;
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
