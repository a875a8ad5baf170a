import { type Bytes, bytesEqual, compareBytes } from '@assay/shared/kernel/bytes';
import { QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { isPublicKey, schnorrVerify } from '@assay/shared/kernel/schnorr';
import type { EnvelopeCode, HoldCode, QuarantineCode } from './audit-codes.ts';
import { type Batch, batchHashOf, isBatchId, sharesRootOf } from './batch.ts';
import { creditsOf, workOf } from './credit.ts';
import { SOURCE_DECLARED, type Template } from './template.ts';
import type { TemplateState } from './template-machine.ts';

const SHARES_MAX = 256;
const CLOCK_SKEW_MS = 60_000;
const TARGET_BYTES = 32;

/** What the configuration says about a pool's batches. */
export interface BatchRules {
  /** x-only, 32 bytes. */
  readonly poolKey: Bytes;
  readonly creditShift: number;
  /** 32 bytes big-endian. */
  readonly maxTarget: Bytes;
}

/** Whether the batch is the pool's own word; what is not is kept out of the books (02-auditor section 3). */
export function checkProvenance(batch: Batch, rules: BatchRules | undefined): QuarantineCode | undefined {
  if (rules === undefined) return 'POOL_UNKNOWN';
  if (!bytesEqual(batchHashOf(batch), batch.batchHash)) return 'BATCH_HASH_MISMATCH';
  if (!schnorrVerify(batch.poolSignature, batch.batchHash, rules.poolKey)) return 'BATCH_SIGNATURE';
  // Such an id can name no document and no message.
  return isBatchId(batch.batchId) ? undefined : 'BATCH_SHAPE';
}

/** E1, judged at intake: sizes and bounds of a batch received at `intakeMs`. */
export function isWellShaped(batch: Batch, rules: BatchRules, intakeMs: number): boolean {
  const { assignedTarget: target, shares } = batch;
  const latest = BigInt(intakeMs + CLOCK_SKEW_MS);
  return (
    shares.length >= 1 &&
    shares.length <= SHARES_MAX &&
    shares.every(({ header80, acceptedAtMs }) => header80.length === 80 && acceptedAtMs <= latest) &&
    isPublicKey(batch.lockingKey) &&
    batch.keySeq >= 1n &&
    [batch.templateId, target, batch.sharesRoot].every((hash) => hash.length === TARGET_BYTES) &&
    target.some((byte) => byte !== 0) &&
    compareBytes(target, rules.maxTarget) <= 0 &&
    batch.creditShift === rules.creditShift &&
    batch.creditSum <= QUOTE_AMOUNT_MAX
  );
}

/** Carry after the batch as its own work gives it; of a misshapen batch its `carry_in` (E5). */
export function carryAfter(batch: Batch, wellShaped: boolean): bigint {
  if (!wellShaped) return batch.carryIn;
  const work = workOf(batch.assignedTarget) * BigInt(batch.shares.length);
  return (batch.carryIn + work) % (1n << BigInt(batch.creditShift));
}

/** E2 and E3: whether the batch follows from its own shares. */
function checkSums(batch: Batch): EnvelopeCode | undefined {
  if (!bytesEqual(sharesRootOf(batch.shares), batch.sharesRoot)) return 'SHARES_ROOT_MISMATCH';
  return creditsAreRight(batch) ? undefined : 'CREDIT_MISMATCH';
}

function creditsAreRight(batch: Batch): boolean {
  if (batch.carryIn >> BigInt(batch.creditShift) !== 0n) return false;
  const { carryIn, creditShift: shift, shares } = batch;
  const right = creditsOf({ carryIn, shift, work: workOf(batch.assignedTarget), count: shares.length });
  return (
    right.credits.every((credit, index) => credit === shares[index]?.credit) &&
    right.creditSum === batch.creditSum &&
    right.carryOut === batch.carryOut
  );
}

export interface EnvelopeFacts {
  readonly wellShaped: boolean;
  /** False when another batch of the key had this key_seq first. */
  readonly holdsKeySeq: boolean;
  /** The batch of `key_seq − 1`, as far as it was received. */
  readonly predecessor: { readonly carryAfter: bigint } | undefined;
  readonly template: TemplateFacts | undefined;
}

export interface TemplateFacts {
  readonly template: Pick<Template, 'poolId' | 'source' | 'declaredBy'>;
  readonly state: TemplateState;
  /** Why it is held, when HELD. */
  readonly holdCode: HoldCode | undefined;
}

export type EnvelopeRuling =
  | { readonly kind: 'fault'; readonly code: EnvelopeCode }
  | { readonly kind: 'hold'; readonly code: HoldCode }
  | { readonly kind: 'sound' };

const SOUND: EnvelopeRuling = { kind: 'sound' };
const fault = (code: EnvelopeCode): EnvelopeRuling => ({ kind: 'fault', code });
const hold = (code: HoldCode): EnvelopeRuling => ({ kind: 'hold', code });

/** E1…E7: the first row that fails or must wait (02-auditor section 4.1). */
export function checkEnvelope(batch: Batch, facts: EnvelopeFacts): EnvelopeRuling {
  if (!facts.wellShaped) return fault('BATCH_SHAPE');
  const sums = checkSums(batch);
  if (sums !== undefined) return fault(sums);
  if (!facts.holdsKeySeq) return fault('KEY_SEQ_REUSED');
  const carry = checkCarry(batch, facts.predecessor);
  return carry.kind === 'sound' ? checkTemplateOf(batch, facts.template) : carry;
}

function checkCarry(batch: Batch, predecessor: EnvelopeFacts['predecessor']): EnvelopeRuling {
  if (batch.keySeq === 1n) return batch.carryIn === 0n ? SOUND : fault('CARRY_MISMATCH');
  if (predecessor === undefined) return hold('HOLD_PREVIOUS_BATCH');
  return batch.carryIn === predecessor.carryAfter ? SOUND : fault('CARRY_MISMATCH');
}

function checkTemplateOf(batch: Batch, facts: TemplateFacts | undefined): EnvelopeRuling {
  if (facts === undefined) return hold('HOLD_TEMPLATE_UNKNOWN');
  const { poolId, source, declaredBy } = facts.template;
  const ofKey = source !== SOURCE_DECLARED || bytesEqual(declaredBy, batch.lockingKey);
  if (poolId !== batch.poolId || !ofKey) return fault('TEMPLATE_NOT_YOURS');
  return RULING_OF_TEMPLATE[facts.state](facts);
}

const RULING_OF_TEMPLATE = {
  DECLARED: () => hold('HOLD_TEMPLATE_PENDING'),
  CHECKING: () => hold('HOLD_TEMPLATE_PENDING'),
  HELD: ({ holdCode }) => hold(holdCode ?? 'HOLD_TEMPLATE_PENDING'),
  DEAD: () => hold('HOLD_TEMPLATE_DEAD'),
  INVALID: () => fault('TEMPLATE_INVALID'),
  VALID: () => SOUND,
} as const satisfies Record<TemplateState, (facts: TemplateFacts) => EnvelopeRuling>;
