/** Why a call was refused: also the label of the metric and, one to one, the code on the wire. */
export const REFUSAL_CODES = [
  'amount-outside-limit',
  'duplicate-inputs',
  'duplicate-outputs',
  'keyset-not-known',
  'keyset-inactive',
  'minting-disabled',
  'could-not-rotate',
  'invalid-proof',
  'invalid-blind-message',
  'unit-not-supported',
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

export interface Refusal {
  readonly code: RefusalCode;
  /** For a person; never holds a secret, a key or a point. */
  readonly detail: string;
}

export function refusal(code: RefusalCode, detail: string): Refusal {
  return { code, detail };
}
