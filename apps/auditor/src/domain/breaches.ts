export type Severity = 'REPORT' | 'STOP_ISSUANCE' | 'STOP_ALL';

/** Rules that intake, checks and sweeps can find violated (02-auditor sections 3, 4.2, 4.3, 5.2). */
export const BREACH_RULES = {
  B14: { severity: 'STOP_ISSUANCE' },
  NODES_DISAGREE: { severity: 'REPORT' },
  LUCK_SKEW: { severity: 'REPORT' },
  SETTLEMENT_STUCK: { severity: 'REPORT' },
  QUOTE_MISSING: { severity: 'REPORT' },
} as const satisfies Record<string, { severity: Severity }>;
/** ACKNOWLEDGED: an operator found the cause; the next violation opens it again. */
export type BreachState = 'OPEN' | 'ACKNOWLEDGED';
export type BreachRule = keyof typeof BREACH_RULES;

export interface Breach {
  readonly rule: BreachRule;
  /** What it is about: a batch, a template, a key. */
  readonly scope: string;
  readonly expected: string;
  readonly found: string;
}
