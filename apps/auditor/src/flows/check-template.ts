import { assert } from '@assay/shared/kernel/assert';
import { type Bytes } from '@assay/shared/kernel/bytes';
import { later } from '@assay/shared/kernel/clock';
import { step } from '@assay/shared/kernel/machine';
import { readAgain } from '@assay/shared/kernel/read-again';
import type { HoldCode } from '../domain/audit-codes.ts';
import { blockProposal } from '../domain/block-proposal.ts';
import { checkAllowed, checkStructure } from '../domain/check-template.ts';
import { JITTER_SIDES, planHold, stillWaits } from '../domain/hold-plan.ts';
import {
  countReply,
  describeReply,
  type NodeReply,
  ruleOnReplies,
  type TemplateRuling,
} from '../domain/node-answers.ts';
import { TEMPLATE, type TemplateEvent } from '../domain/template-machine.ts';
import { templateVerdictHash } from '../domain/verdict.ts';
import type { NodeStatement, StoredTemplate, TemplatePorts, Trace } from '../ports.ts';
import { askNodeSpan, countNodeAnswer, countTemplateVerdict } from '../telemetry.ts';
import { recordTemplateLetter } from './give-up-template.ts';

const LEASE_MS = 90_000;

export type TemplateOutcome =
  | { readonly kind: 'judged' | 'held' | 'dead'; readonly code: string; readonly attempt: number }
  /** Judged before, waiting, taken by another worker, or another revision's task. */
  | { readonly kind: 'nothing-to-do' };

const NOTHING: TemplateOutcome = { kind: 'nothing-to-do' };

/** Carries out one task: the template is judged, waits, or is given up (02-auditor sections 3 and 4.2). */
export async function checkTemplate(
  ports: TemplatePorts,
  task: { id: string; revision: number; deliveries: number; trace: Trace | undefined },
): Promise<TemplateOutcome> {
  const taken = await takeTemplate(ports, task);
  if (taken === undefined) return NOTHING;
  const { ruling, answers } = await examine(ports, taken);
  return ruling.kind === 'hold'
    ? holdTemplate(ports, taken, ruling.code, answers, task.deliveries)
    : settle(ports, taken, ruling, answers, task.trace);
}

/** The template under a lease of this worker, if its time has come; reads again whenever somebody else was first. */
async function takeTemplate(
  ports: TemplatePorts,
  task: { id: string; revision: number; deliveries: number },
): Promise<StoredTemplate | undefined> {
  const { templates, clock } = ports;
  return readAgain(`template ${task.id}`, async () => {
    const found = await templates.find(task.id);
    if (found === undefined || found.revision !== task.revision) return undefined;
    // The process that judged or gave it up may have ended before it told.
    if (found.state === 'VALID' || found.state === 'INVALID') await wakeWaiters(ports, found);
    if (found.state === 'DEAD') await recordTemplateLetter(ports, found, task.deliveries);
    if (found.state === 'CHECKING' && task.deliveries > 1) {
      // Nobody has said for an ack wait that it works on the task: whoever took the template has ended.
      await templates.release(found, clock.now());
      return 'stale';
    }
    if (!hasStep(found, 'take') || stillWaits(found.nextCheckAtMs, clock.now())) return undefined;
    return (await templates.take(found, later(clock.now(), LEASE_MS))) ?? 'stale';
  });
}

interface Examined {
  readonly ruling: TemplateRuling;
  readonly answers: readonly NodeStatement[];
}

const invalid = (code: Extract<TemplateRuling, { kind: 'invalid' }>['code']): Examined => ({
  ruling: { kind: 'invalid', code },
  answers: [],
});

async function examine(ports: TemplatePorts, { id, template }: StoredTemplate): Promise<Examined> {
  const rules = ports.pools.get(template.poolId);
  assert(rules !== undefined, `no configuration for pool ${template.poolId}`);
  const notAllowed = checkAllowed(template, rules);
  if (notAllowed !== undefined) return invalid(notAllowed);
  const stored = await ports.bodies.load(id);
  const fetched =
    stored === undefined ? await ports.bodySource.fetch(template) : ({ kind: 'body', body: stored } as const);
  if (fetched.kind === 'too-long') return invalid('TPL_UNDECODABLE');
  if (fetched.kind === 'unavailable') return { ruling: { kind: 'hold', code: 'HOLD_BODY_UNAVAILABLE' }, answers: [] };
  const code = checkStructure(template, fetched.body, rules);
  const examined = code === undefined ? await askNodes(ports, { template, body: fetched.body }) : invalid(code);
  // Kept for the next check, and for whoever has to understand the fault.
  const worthKeeping = stored === undefined && examined.ruling.kind !== 'valid';
  if (worthKeeping) await ports.bodies.save(id, fetched.body, ports.clock.now());
  return examined;
}

async function askNodes(
  { nodes, quorum }: TemplatePorts,
  { template, body }: { template: StoredTemplate['template']; body: Bytes },
): Promise<Examined> {
  const proposal = blockProposal(template, body);
  const replies = await Promise.all(
    nodes.map((node) =>
      askNodeSpan(node.id, async (span): Promise<NodeReply> => {
        const reply = await node.propose(proposal, template.prevHash);
        span.note({ 'assay.answer': describeReply(reply) });
        countNodeAnswer(countReply(reply));
        return reply;
      }),
    ),
  );
  const answers = nodes.map(({ id: nodeId }, index) => ({ nodeId, answer: describeReply(present(replies[index])) }));
  return { ruling: ruleOnReplies(replies, quorum, template.source), answers };
}

function present(reply: NodeReply | undefined): NodeReply {
  assert(reply !== undefined, 'every node was asked');
  return reply;
}

async function settle(
  ports: TemplatePorts,
  taken: StoredTemplate,
  ruling: Exclude<TemplateRuling, { kind: 'hold' }>,
  answers: readonly NodeStatement[],
  trace: Trace | undefined,
): Promise<TemplateOutcome> {
  const { clock, signer, templates } = ports;
  const { templateId, declaredBy } = taken.template;
  const [result, code] = ruling.kind === 'valid' ? (['VALID', 'OK'] as const) : (['INVALID', ruling.code] as const);
  assert(hasStep(taken, result === 'VALID' ? 'accept' : 'refuse'), `${taken.id} is ${taken.state}`);
  const decidedAtMs = clock.now();
  const verdictHash = templateVerdictHash({ templateId, declaredBy, result, code, decidedAtMs });
  const signed = { decidedAtMs, verdictHash, signature: signer.sign(verdictHash), publicKey: signer.publicKey };
  const late = ruling.kind === 'valid' && ruling.late;
  const committed = await templates.settle(taken, { ...signed, result, code, late, answers }, trace);
  if (committed === 'stale') return NOTHING;
  countTemplateVerdict(result, code);
  await wakeWaiters(ports, taken);
  return { kind: 'judged', code, attempt: taken.attempt + 1 };
}

async function wakeWaiters({ waits, clock, scheduler }: TemplatePorts, { template }: StoredTemplate): Promise<void> {
  if ((await waits.wakeTemplateWaiters(template.templateId, clock.now())) > 0) scheduler.wake();
}

async function holdTemplate(
  ports: TemplatePorts,
  taken: StoredTemplate,
  code: HoldCode,
  answers: readonly NodeStatement[],
  deliveries: number,
): Promise<TemplateOutcome> {
  const { clock, circuit, dice, templates } = ports;
  const now = clock.now();
  const plan = planHold({
    code,
    attempt: taken.attempt,
    waitedMs: now - taken.waitingSinceMs,
    circuitOpen: circuit.isOpen(),
    jitter: dice(JITTER_SIDES),
  });
  if (code === 'HOLD_NODES_DISAGREE') await reportDisagreement(ports, taken, answers);
  const { attempt } = plan;
  if (plan.do === 'give-up') {
    assert(hasStep(taken, 'exhaust'), `${taken.id} is ${taken.state}`);
    if ((await templates.giveUp(taken, { code, attempt, answers, atMs: now })) === 'stale') return NOTHING;
    await recordTemplateLetter(ports, { ...taken, code, answers }, deliveries);
    return { kind: 'dead', code, attempt };
  }
  assert(hasStep(taken, 'hold'), `${taken.id} is ${taken.state}`);
  const nextCheckAtMs = later(now, plan.delayMs);
  const held = await templates.hold(taken, { code, attempt, nextCheckAtMs, answers });
  return held === 'stale' ? NOTHING : { kind: 'held', code, attempt };
}

function reportDisagreement(
  { breaches, clock }: TemplatePorts,
  { id, trace }: StoredTemplate,
  answers: readonly NodeStatement[],
): Promise<void> {
  const found = answers.map(({ nodeId, answer }) => `${nodeId}: ${answer}`).join(', ');
  const breach = { rule: 'NODES_DISAGREE', scope: id, expected: 'nodes agree about a template', found } as const;
  return breaches.open(breach, clock.now(), trace);
}

function hasStep({ state }: StoredTemplate, event: TemplateEvent): boolean {
  return step<typeof state, TemplateEvent>(TEMPLATE, state, event) !== undefined;
}
