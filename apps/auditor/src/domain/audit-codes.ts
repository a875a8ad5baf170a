/** Why a message never becomes a batch (quarantine): anybody could have made it. */
export type QuarantineCode = 'POOL_UNKNOWN' | 'BATCH_HASH_MISMATCH' | 'BATCH_SIGNATURE' | 'BATCH_SHAPE';

/** Faults of a whole batch, E1…E7 in their order. */
export const ENVELOPE_CODES = [
  'BATCH_SHAPE',
  'SHARES_ROOT_MISMATCH',
  'CREDIT_MISMATCH',
  'KEY_SEQ_REUSED',
  'CARRY_MISMATCH',
  'TEMPLATE_NOT_YOURS',
  'TEMPLATE_INVALID',
] as const;
export type EnvelopeCode = (typeof ENVELOPE_CODES)[number];

/** Faults of a template, T1…T11 in their order, then the nodes. */
export const TEMPLATE_CODES = [
  'TPL_NOT_ALLOWED',
  'TPL_UNDECODABLE',
  'TPL_COINBASE_SHAPE',
  'TPL_EXTRANONCE_PLACEMENT',
  'TPL_HEIGHT',
  'TPL_VERSION',
  'TPL_MERKLE_BRANCH',
  'TPL_DUPLICATE_TX',
  'TPL_WEIGHT',
  'TPL_WITNESS_COMMITMENT',
  'TPL_POOL_UNPAID',
  'TPL_NODE_REJECTED',
] as const;
export type TemplateCode = (typeof TEMPLATE_CODES)[number];

/** Faults of one share, S1…S9 in their order. */
export const SHARE_CODES = [
  'SHARE_PREV_MISMATCH',
  'SHARE_BITS_MISMATCH',
  'SHARE_VERSION_BITS',
  'SHARE_NTIME',
  'SHARE_EXTRANONCE_SIZE',
  'SHARE_EXTRANONCE_OWNER',
  'SHARE_MERKLE_ROOT',
  'SHARE_ABOVE_TARGET',
  'SHARE_STALE',
  'SHARE_DUPLICATE',
] as const;
export type ShareCode = (typeof SHARE_CODES)[number];

/** Codes of a batch's verdict. */
export const VERDICT_CODES = ['OK', 'OK_PARTIAL', 'NO_VALID_SHARE', 'OPERATOR_DROPPED', ...ENVELOPE_CODES] as const;
export type VerdictCode = (typeof VERDICT_CODES)[number];

export type DeadLetterClass = 'DEPENDENCY' | 'DISAGREE' | 'LATE' | 'SEQUENCE' | 'ERROR';

interface HoldMeaning {
  /** Class of the dead letter when the attempts are used up. */
  readonly class: DeadLetterClass;
  /** Whether waiting costs an attempt: always, never, or only after a minute. */
  readonly counts: 'always' | 'never' | 'after-grace';
  /** What ends the wait. */
  readonly waitsFor: 'nodes' | 'template' | 'predecessor' | 'pool';
}

/** Why something cannot be judged yet (02-auditor sections 4.1, 4.2, 5, 5.1). */
export const HOLDS = {
  HOLD_PREVIOUS_BATCH: { class: 'SEQUENCE', counts: 'after-grace', waitsFor: 'predecessor' },
  HOLD_TEMPLATE_UNKNOWN: { class: 'DEPENDENCY', counts: 'after-grace', waitsFor: 'template' },
  HOLD_TEMPLATE_PENDING: { class: 'DEPENDENCY', counts: 'never', waitsFor: 'template' },
  HOLD_TEMPLATE_DEAD: { class: 'DEPENDENCY', counts: 'always', waitsFor: 'template' },
  HOLD_NODE_BEHIND: { class: 'DEPENDENCY', counts: 'always', waitsFor: 'nodes' },
  HOLD_NODE_UNAVAILABLE: { class: 'DEPENDENCY', counts: 'always', waitsFor: 'nodes' },
  HOLD_NODES_DISAGREE: { class: 'DISAGREE', counts: 'always', waitsFor: 'nodes' },
  HOLD_LATE: { class: 'LATE', counts: 'always', waitsFor: 'nodes' },
  HOLD_BODY_UNAVAILABLE: { class: 'DEPENDENCY', counts: 'always', waitsFor: 'pool' },
} as const satisfies Record<string, HoldMeaning>;
export type HoldCode = keyof typeof HOLDS;
export const HOLD_CODES = Object.keys(HOLDS) as HoldCode[];
