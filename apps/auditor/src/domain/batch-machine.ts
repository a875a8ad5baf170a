import type { Machine } from '@assay/shared/kernel/machine';

export type BatchState = 'QUEUED' | 'VALID' | 'INVALID' | 'DEAD';
export type BatchEvent = 'accept' | 'refuse' | 'hold' | 'exhaust' | 'replay' | 'drop';

/** Life of a batch after its intake (02-auditor section 3). */
export const BATCH = {
  QUEUED: { accept: 'VALID', refuse: 'INVALID', hold: 'QUEUED', exhaust: 'DEAD' },
  DEAD: { replay: 'QUEUED', drop: 'INVALID' },
  VALID: {},
  INVALID: {},
} as const satisfies Machine<BatchState, BatchEvent>;
