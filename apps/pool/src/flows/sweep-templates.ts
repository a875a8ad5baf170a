import { type Clock, isDue, later } from '@assay/shared/kernel/clock';
import { step } from '@assay/shared/kernel/machine';
import { TEMPLATE, type TemplateRecord } from '../domain/template.ts';
import { templateReached } from '../edge-telemetry.ts';
import type { BatchPort, TemplateBodyPort, TemplatePort } from '../ports.ts';

export interface SweepTemplatesPorts {
  readonly templates: TemplatePort;
  readonly bodies: TemplateBodyPort;
  readonly batches: Pick<BatchPort, 'hasOpen'>;
  readonly clock: Clock;
}

const BODY_KEPT_MS = 7 * 86_400_000;
const BODIES_PER_SWEEP = 50;

/** Closes templates that no job can be out for any more, once their batches are sealed. Returns the ids closed. */
export async function closeExpiredTemplates(ports: SweepTemplatesPorts, jobTtlMs: number): Promise<readonly string[]> {
  const closed: string[] = [];
  for (const record of await ports.templates.listLive()) {
    if (await closeIfExpired(ports, record, jobTtlMs)) closed.push(record.template.id);
  }
  return closed;
}

async function closeIfExpired(
  { templates, batches, clock }: SweepTemplatesPorts,
  record: TemplateRecord,
  jobTtlMs: number,
): Promise<boolean> {
  const now = clock.now();
  const state = step(TEMPLATE, record.state, 'expired');
  if (state === undefined || !isDue(later(record.lastJobAt, jobTtlMs), now)) return false;
  if (await batches.hasOpen(record.template.id)) return false;
  if ((await templates.change(record, { state, closedAt: now })) === undefined) return false;
  templateReached(state);
  return true;
}

/** Removes the bodies of templates closed 7 d ago, but those that a block was found on. */
export async function removeOldBodies({ templates, bodies, clock }: SweepTemplatesPorts): Promise<void> {
  const old = await templates.listBodiesToRemove(later(clock.now(), -BODY_KEPT_MS), BODIES_PER_SWEEP);
  for (const record of old) {
    // Marked first: a body that is half removed is gone for whoever asks.
    const marked = await templates.change(record, { bodyGone: true });
    if (marked !== undefined) await bodies.remove(record.template.id);
  }
}
