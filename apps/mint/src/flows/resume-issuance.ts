import { err, ok, type Result } from '@assay/shared/kernel/result';
import { type Control, decideResume } from '../domain/control.ts';
import { changeControl } from './change-control.ts';
import type { PausePorts } from './pause-issuance.ts';

/** Lets everything go on; refused while a breach is open. */
export async function resumeIssuance(
  ports: PausePorts,
  { reason, by }: { readonly reason: string; readonly by: string },
): Promise<Result<Control, 'BREACH_OPEN'>> {
  let isOpen = false;
  const control = await changeControl(ports, 'resumed', (before, now) => {
    const decision = decideResume(before, reason, by, now);
    isOpen = decision.do === 'refuse';
    return decision.do === 'resume' ? decision.next : undefined;
  });
  return isOpen ? err('BREACH_OPEN') : ok(control);
}
