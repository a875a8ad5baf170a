import { err, ok, type Result } from '@assay/shared/kernel/result';
import { readAgain } from '@assay/shared/kernel/read-again';
import type { StoredTemplate, TemplatePorts } from '../ports.ts';

export type RecheckRefusal = 'TEMPLATE_UNKNOWN' | 'TEMPLATE_TERMINAL';

/** Has a HELD or DEAD template judged again at once; one that is being judged is left to that (02-auditor section 3). */
export async function recheckTemplate(
  { templates, clock, scheduler }: Pick<TemplatePorts, 'templates' | 'clock' | 'scheduler'>,
  id: string,
  automatic = false,
): Promise<Result<StoredTemplate, RecheckRefusal>> {
  return readAgain<Result<StoredTemplate, RecheckRefusal>>(`template ${id}`, async () => {
    const stored = await templates.find(id);
    if (stored === undefined) return err('TEMPLATE_UNKNOWN');
    if (stored.state === 'VALID' || stored.state === 'INVALID') return err('TEMPLATE_TERMINAL');
    if (stored.state === 'DECLARED' || stored.state === 'CHECKING') return ok(stored);
    if ((await templates.recheck(stored, clock.now(), automatic)) === 'stale') return 'stale';
    scheduler.wake();
    return ok((await templates.find(id)) ?? stored);
  });
}
