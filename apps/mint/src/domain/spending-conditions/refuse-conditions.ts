import type { UnixMs } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { finished, type Steps } from '../checks.ts';
import { type Refusal, refusal } from '../refusals.ts';
import type { BlindedOutput, ProofInput } from '../request.ts';
import { readSecret } from '../secret.ts';
import { type Conditions, type ConditionsDefect, conditionsOf } from './conditions.ts';
import { WITNESS_FAULTS, type WitnessFault, witnessJudge } from './judge-witness.ts';
import { signedByAll, signedByInput } from './signed-message.ts';
import { readWitness } from './witness.ts';

/** What spending conditions are judged on. */
export interface ConditionsSubject {
  readonly inputs: readonly ProofInput[];
  /** Those of a swap, the blank ones of a melt; none where proofs are only redeemed. */
  readonly outputs: readonly BlindedOutput[];
  readonly now: UnixMs;
  /** Of a melt: SIG_ALL signs it too. */
  readonly meltQuoteId?: string;
}

const DEFECTS = {
  'field-repeated': 'a field of the secret is repeated',
  'nonce-missing': 'the secret has no nonce',
  'data-missing': 'the secret has no data',
  'tags-malformed': 'the tags of the secret are not lists of texts',
  'tag-repeated': 'a tag of the secret is repeated',
  'sigflag-unknown': 'the sigflag of the secret is unknown',
  'data-invalid': 'the data of the secret is no key or hash',
  'key-invalid': 'a key of the secret is no compressed point',
  'key-repeated': 'a key of the secret is repeated',
  'n-sigs-invalid': 'n_sigs of the secret cannot be met',
  'n-sigs-refund-invalid': 'n_sigs_refund of the secret cannot be met',
} as const satisfies Record<ConditionsDefect, string>;

/** An input and its conditions; undefined where its secret is plain. */
interface JudgedInput {
  readonly input: ProofInput;
  readonly conditions: Conditions | undefined;
}

/** Why the inputs may not be spent by whoever sent them, or undefined (03-mint section 7). */
export function refuseConditions(subject: ConditionsSubject): Refusal | undefined {
  return finished(conditionSteps(subject));
}

/**
 * As `refuseConditions`, piece by piece: a megabyte of right signatures is half a second of work. A piece is at most one
 * witness, which is short, or a few.
 */
export function* conditionSteps(subject: ConditionsSubject): Steps {
  const pieces = pieceMeter();
  const judged: JudgedInput[] = [];
  for (const input of subject.inputs) {
    const conditions = readConditions(input.secret);
    if (!conditions.ok) return refusal('proof-invalid', DEFECTS[conditions.error]);
    judged.push({ input, conditions: conditions.value });
    if (pieces.isFull(keysIn(conditions.value) / KEYS_AS_ONE_SIGNATURE)) yield;
  }
  const fault = judged.some(({ conditions }) => conditions?.sigflag === 'SIG_ALL')
    ? faultOfAll(subject, judged)
    : yield* faultOfEach(subject, judged, pieces);
  return fault && refusal('witness-invalid', WITNESS_FAULTS[fault]);
}

/** A piece of work, in verified signatures: about three milliseconds. */
const PIECE = 32;
/** A key is decompressed many times faster than a signature is verified. */
const KEYS_AS_ONE_SIGNATURE = 8;

interface PieceMeter {
  /** Whether with so much more work the piece is full; then the next one begins. */
  isFull(work: number): boolean;
}

function pieceMeter(): PieceMeter {
  let done = 0;
  return {
    isFull: (work) => {
      done += work;
      if (done < PIECE) return false;
      done = 0;
      return true;
    },
  };
}

function keysIn(conditions: Conditions | undefined): number {
  return conditions === undefined ? 0 : conditions.main.keys.length + (conditions.refund?.keys.length ?? 0) + 1;
}

function readConditions(text: string): Result<Conditions | undefined, ConditionsDefect> {
  const secret = readSecret(text);
  if (!secret.ok) return err(secret.error);
  return secret.value === undefined ? ok(undefined) : conditionsOf(secret.value);
}

function* faultOfEach(
  { now }: ConditionsSubject,
  judged: readonly JudgedInput[],
  pieces: PieceMeter,
): Generator<void, WitnessFault | undefined> {
  const judge = witnessJudge(judged.length);
  for (const { input, conditions } of judged) {
    if (conditions === undefined) continue;
    const witness = readWitness(input.witness);
    const fault = judge({ conditions, witness, message: signedByInput(input), now });
    // A wallet whose key is not among those asked for sends no witness, and matches the words `p2pk signature`.
    if (fault !== undefined) return fault === 'no-signatures' ? 'no-valid-signature' : fault;
    if (pieces.isFull(1 + witness.given)) yield;
  }
  return undefined;
}

/** One witness, that of the first input, speaks for all of them. */
function faultOfAll(
  { inputs, outputs, now, meltQuoteId }: ConditionsSubject,
  judged: readonly JudgedInput[],
): WitnessFault | undefined {
  const [first] = judged;
  const isOneCondition = judged.every(({ conditions }) => conditions?.terms === first?.conditions?.terms);
  if (first?.conditions === undefined || !isOneCondition) return 'no-valid-signature';
  const { conditions, input } = first;
  const witness = readWitness(input.witness);
  return witnessJudge(1)({ conditions, witness, message: signedByAll(inputs, outputs, meltQuoteId), now });
}
