import type { Clock } from '@assay/shared/kernel/clock';
import { reversed, toHex } from '@assay/shared/kernel/bytes';
import { step } from '@assay/shared/kernel/machine';
import { readAgain } from '@assay/shared/kernel/read-again';
import {
  type BuiltTemplate,
  buildTemplate,
  type NodeTemplate,
  type TemplateSettings,
} from '../domain/build-template.ts';
import { TEMPLATE, type TemplateRecord } from '../domain/template.ts';
import { makeTemplateSpan, templateReached } from '../edge-telemetry.ts';
import type { ChainNode } from '../node-port.ts';
import type { Pause, ReportFault, TemplateBodyPort, TemplatePort } from '../ports.ts';
import type { BodyCache } from './body-cache.ts';
import type { JobBoard } from './job-board.ts';
import type { NodeWatch } from './watch-nodes.ts';

export interface MakeTemplatePorts {
  readonly watch: NodeWatch;
  readonly templates: TemplatePort;
  readonly bodies: TemplateBodyPort;
  readonly cache: BodyCache;
  readonly board: JobBoard;
  readonly clock: Clock;
  readonly reportFault: ReportFault;
  readonly pause: Pause;
  /** Whether this instance holds the maker's lease. */
  mayMake(): boolean;
}

/**
 * `made` it is stored and its jobs are out · `kept` the node's template is lower than the current one, whose tip some
 * source still shows · `invalid` the auditor judged this very template · the others: there was nothing to make it from.
 */
export type MakeOutcome = 'made' | 'kept' | 'invalid' | 'not-the-maker' | 'no-source' | 'unreadable';

export interface Made {
  readonly outcome: MakeOutcome;
  /** To wait for the next one, if the source offers that. */
  readonly longPoll?: { readonly node: ChainNode; readonly id: string };
}

const TIP_GONE_MS = 60_000;

/** Asks the source in use for a template and mines on it (01-pool section 3). */
export async function makeTemplate(ports: MakeTemplatePorts, settings: TemplateSettings): Promise<Made> {
  if (!ports.mayMake()) return { outcome: 'not-the-maker' };
  const node = ports.watch.inUse();
  if (node === undefined) return { outcome: 'no-source' };
  return makeTemplateSpan(node.id, async () => {
    const read = await ports.watch.template(node);
    if (!read.ok) return { outcome: 'unreadable' };
    const { longPollId } = read.value;
    const longPoll = longPollId === undefined ? {} : { longPoll: { node, id: longPollId } };
    if (isLowerThanCurrent(ports, read.value)) return { outcome: 'kept', ...longPoll };
    // Reading and building take tens of milliseconds at 4,000 transactions: shares are answered in between.
    await ports.pause(0);
    const built = buildTemplate(read.value, settings, ports.clock.now());
    if (!built.ok) return { outcome: 'unreadable' };
    return { outcome: await take(ports, node, built.value), ...longPoll };
  });
}

function isLowerThanCurrent({ board, watch, clock }: MakeTemplatePorts, candidate: NodeTemplate): boolean {
  const current = board.work?.template;
  if (current === undefined || candidate.height >= current.height) return false;
  const shown = watch.lastShown(toHex(reversed(current.prevHash)));
  return shown !== undefined && clock.now() < shown + TIP_GONE_MS;
}

async function take(ports: MakeTemplatePorts, node: ChainNode, built: BuiltTemplate): Promise<MakeOutcome> {
  const { template, body } = built;
  ports.cache.set(template.id, body);
  const record = await store(ports, built);
  if (record === 'invalid') ports.watch.distrust(node);
  if (record === 'invalid' || record === 'not-the-maker') return record;
  // The template is stored with its body: only now may jobs of it go out (P5).
  ports.board.post({ template: record.template, curtime: record.curtime, fetchedAt: record.fetchedAt });
  await endOthers(ports, record);
  return 'made';
}

/** The stored template: a new one with its body first, or the known one with its new time. */
async function store(
  ports: MakeTemplatePorts,
  { template, body, curtime }: BuiltTemplate,
): Promise<TemplateRecord | 'invalid' | 'not-the-maker'> {
  const { templates, bodies, clock } = ports;
  const now = clock.now();
  return readAgain<TemplateRecord | 'invalid' | 'not-the-maker'>(`template ${template.id}`, async () => {
    const known = await templates.find(template.id);
    if (known === undefined || known.state === 'closed') await bodies.store(template.id, body, template.bodyHash);
    // All this may have taken longer than the lease: what another instance made since is newer.
    if (!ports.mayMake()) return 'not-the-maker';
    if (known === undefined) {
      const made = { state: 'active', curtime, fetchedAt: now, lastJobAt: now, bodyGone: false, version: 1 } as const;
      const record: TemplateRecord = { template, ...made };
      if (!(await templates.insert(record))) return 'stale';
      templateReached('active');
      return record;
    }
    const state = step(TEMPLATE, known.state, 'rebuilt');
    if (state === undefined) return 'invalid';
    const change = { state, curtime, fetchedAt: now, lastJobAt: now, bodyGone: false };
    const changed = await templates.change(known, change);
    if (changed === undefined) return 'stale';
    if (state !== known.state) templateReached(state);
    return changed;
  });
}

/** Older templates of this source: SUPERSEDED on the same prev_hash, STALE on another. */
async function endOthers({ templates, reportFault }: MakeTemplatePorts, current: TemplateRecord): Promise<void> {
  try {
    for (const record of await templates.listLive()) {
      if (record.template.id === current.template.id) continue;
      const samePrev = record.template.prevHashHex === current.template.prevHashHex;
      const state = step(TEMPLATE, record.state, samePrev ? 'newer-template' : 'tip-changed');
      if (state === undefined || state === record.state) continue;
      if ((await templates.change(record, { state })) !== undefined) templateReached(state);
    }
  } catch (error) {
    // The next template ends them too: nothing that is sent or paid hangs on it.
    reportFault('make-template', error);
  }
}
