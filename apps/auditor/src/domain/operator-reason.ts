const CHARACTERS_MIN = 10;

/** Whether an operator's reason says enough to be understood later (02-auditor sections 5.1 and 7). */
export function saysWhy(reason: string): boolean {
  return reason.trim().length >= CHARACTERS_MIN;
}
