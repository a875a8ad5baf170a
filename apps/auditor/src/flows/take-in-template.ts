import { type Bytes, bytesEqual } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import { fitsLayout, type Template, templateIdOf } from '../domain/template.ts';
import type { BatchWaits, Pools, Scheduler, TemplateIntake, Trace } from '../ports.ts';

export interface TakeInTemplatePorts {
  readonly clock: Clock;
  readonly pools: Pools;
  readonly intake: TemplateIntake;
  readonly waits: BatchWaits;
  readonly scheduler: Scheduler;
}

export type TemplateIntakeOutcome =
  | { readonly kind: 'taken' | 'known' }
  | { readonly kind: 'quarantine'; readonly code: 'TPL_ID_MISMATCH' | 'POOL_UNKNOWN' };

/** Takes a declared template in: queued for its check, the batches that wait for it woken (02-auditor section 3). */
export async function takeInTemplate(
  { clock, pools, intake, waits, scheduler }: TakeInTemplatePorts,
  { template, raw, trace }: { template: Template; raw: Bytes; trace: Trace | undefined },
): Promise<TemplateIntakeOutcome> {
  const follows = fitsLayout(template) && bytesEqual(templateIdOf(template), template.templateId);
  if (!follows) return { kind: 'quarantine', code: 'TPL_ID_MISMATCH' };
  if (!pools.has(template.poolId)) return { kind: 'quarantine', code: 'POOL_UNKNOWN' };

  const receivedAtMs = clock.now();
  const outcome = await intake.insert({ template, raw, receivedAtMs, trace });
  if ((await waits.wakeTemplateWaiters(template.templateId, receivedAtMs)) > 0) scheduler.wake();
  return { kind: outcome === 'inserted' ? 'taken' : 'known' };
}
