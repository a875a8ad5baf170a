import type { Clock } from '@assay/shared/kernel/clock';
import type { Template, TemplateRecord } from '../domain/template.ts';
import type { ReportFault, TemplateBodyPort, TemplatePort } from '../ports.ts';
import { type BodyCache, readBody } from './body-cache.ts';
import type { JobBoard } from './job-board.ts';

export interface FollowTemplatesPorts {
  readonly templates: TemplatePort;
  readonly bodies: TemplateBodyPort;
  readonly cache: BodyCache;
  readonly board: JobBoard;
  readonly clock: Clock;
  readonly reportFault: ReportFault;
}

/**
 * Mines on what the maker stored, whichever instance that is: the newest ACTIVE template, and again when it was given a
 * new time. Called by each `template.declared` and each second.
 */
export async function followTemplates(ports: FollowTemplatesPorts): Promise<void> {
  const { board } = ports;
  const live = await ports.templates.listLive();
  for (const { state, template } of live) if (state === 'invalid') board.withdraw(template.id);
  const newest = newestActive(live);
  if (newest === undefined || !isNews(board, live, newest)) return;
  board.post({ template: newest.template, curtime: newest.curtime, fetchedAt: newest.fetchedAt });
  if (ports.cache.get(newest.template.id) === undefined) await cacheBody(ports, newest.template);
}

function newestActive(live: readonly TemplateRecord[]): TemplateRecord | undefined {
  const active = live.filter(({ state }) => state === 'active');
  return active.toSorted((a, b) => b.fetchedAt - a.fetchedAt)[0];
}

function isNews({ offer }: JobBoard, live: readonly TemplateRecord[], newest: TemplateRecord): boolean {
  if (offer === undefined) return true;
  if (newest.template.id === offer.template.id) return newest.fetchedAt > offer.fetchedAt;
  // Times are those of the makers, whose clocks may differ: an end that is written down counts more.
  const ended = live.some(({ template, state }) => template.id === offer.template.id && state !== 'active');
  return ended || newest.fetchedAt >= offer.fetchedAt;
}

/** So that a block is submitted without a read; the jobs need not wait for it. */
async function cacheBody({ bodies, cache, reportFault }: FollowTemplatesPorts, template: Template): Promise<void> {
  try {
    cache.set(template.id, await readBody(bodies, template));
  } catch (error) {
    reportFault('follow-templates', error);
  }
}

/** Writes down when a job of the current template was last sent: a template closes when its last job is old enough. */
export async function noteJobs({
  templates,
  board,
  clock,
}: Omit<FollowTemplatesPorts, 'bodies' | 'cache' | 'reportFault'>) {
  const template = board.work?.template;
  if (template !== undefined) await templates.noteJob(template.id, clock.now());
}
