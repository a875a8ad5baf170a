import type { Machine } from '@assay/shared/kernel/machine';

export type TemplateState = 'DECLARED' | 'CHECKING' | 'HELD' | 'VALID' | 'INVALID' | 'DEAD';
export type TemplateEvent = 'take' | 'accept' | 'refuse' | 'hold' | 'exhaust' | 'lease-expired' | 'recheck';

/** Life of a template after its intake (02-auditor sections 3 and 5.2). */
export const TEMPLATE = {
  DECLARED: { take: 'CHECKING' },
  CHECKING: { accept: 'VALID', refuse: 'INVALID', hold: 'HELD', exhaust: 'DEAD', 'lease-expired': 'DECLARED' },
  HELD: { take: 'CHECKING', recheck: 'DECLARED' },
  VALID: {},
  INVALID: {},
  DEAD: { recheck: 'DECLARED' },
} as const satisfies Machine<TemplateState, TemplateEvent>;
