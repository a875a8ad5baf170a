import { toHex } from '@assay/shared/kernel/bytes';
import { type Clock, later, type UnixMs } from '@assay/shared/kernel/clock';
import { CREDITS_KEPT_MS } from '../domain/check-shares.ts';
import type { Tips } from '../node-ports.ts';
import type { TemplateDecisions } from '../ports.ts';
import type { CreditIndex } from '../upkeep-ports.ts';

export interface PrunePorts {
  readonly clock: Clock;
  readonly credits: CreditIndex;
  readonly templates: Pick<TemplateDecisions, 'find'>;
  readonly tips: Pick<Tips, 'childSeenMs'>;
}

const PAGE = 500;
const PAGES_MAX = 100;
// Judging ends by the clock of each worker and with a commit of its own; pruning begins when all of them are long past that.
const MARGIN_MS = 3_600_000;

/** Takes credits out of the index whose shares are stale for ever (02-auditor section 6); the number of batches. */
export async function pruneCredits(ports: PrunePorts): Promise<number> {
  const beforeMs = later(ports.clock.now(), -(CREDITS_KEPT_MS + MARGIN_MS));
  let pruned = 0;
  let afterId = '';
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const ids = await ports.credits.templatesBefore(beforeMs, { afterId, limit: PAGE });
    for (const id of ids) if (await isReplaced(ports, id, beforeMs)) pruned += await ports.credits.prune(id, beforeMs);
    afterId = ids.at(-1) ?? '';
    if (ids.length < PAGE) break;
  }
  return pruned;
}

async function isReplaced({ clock, templates, tips }: PrunePorts, id: string, beforeMs: UnixMs): Promise<boolean> {
  const found = await templates.find(id);
  if (found === undefined) return false;
  const childSeenMs = await tips.childSeenMs(toHex(found.template.prevHash), clock.now());
  return childSeenMs !== undefined && childSeenMs <= beforeMs;
}
