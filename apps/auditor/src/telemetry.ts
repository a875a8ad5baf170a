import { counter, gauge, histogram } from '@assay/shared/runtime/metrics';
import { inSpan, type Span } from '@assay/shared/runtime/telemetry';
import {
  HOLD_CODES,
  type HoldCode,
  SHARE_CODES,
  type ShareCode,
  TEMPLATE_CODES,
  VERDICT_CODES,
} from './domain/audit-codes.ts';
import type { Severity } from './domain/breaches.ts';
import type { Counted } from './domain/node-answers.ts';
import type { TaskKind } from './domain/tasks.ts';
import type { VerdictResult } from './domain/verdict.ts';

const RESULTS = ['VALID', 'INVALID'] as const satisfies readonly VerdictResult[];
const KINDS = ['batch', 'template'] as const satisfies readonly TaskKind[];
const SEVERITIES = ['REPORT', 'STOP_ISSUANCE', 'STOP_ALL'] as const satisfies readonly Severity[];
const ANSWERS = ['VALID', 'LATE', 'INVALID', 'BEHIND', 'ABSTAINS'] as const satisfies readonly Counted[];
const CHECK_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

const verdicts = counter('assay_audit_verdicts_total', 'Verdicts on batches', { result: RESULTS, code: VERDICT_CODES });
const templateVerdicts = counter('assay_audit_template_verdicts_total', 'Verdicts on templates', {
  result: RESULTS,
  code: ['OK', ...TEMPLATE_CODES],
});
const shares = counter('assay_audit_shares_total', 'Shares judged, by outcome', { code: ['OK', ...SHARE_CODES] });
const checkSeconds = histogram(
  'assay_audit_check_duration_seconds',
  'Time of one check',
  { kind: KINDS },
  CHECK_SECONDS,
);
const templateCache = counter('assay_audit_template_cache_total', 'Judged templates looked up in memory', {
  hit: ['yes', 'no'],
});
const nodeAnswers = counter('assay_audit_node_answers_total', 'Answers of bitcoin nodes, as counted', {
  answer: ANSWERS,
});
const requeued = counter('assay_audit_requeued_total', 'Tasks that the sweeper enqueued again', {});
const circuitOpen = gauge('assay_audit_circuit_open', '1 while fewer nodes than the quorum are healthy', {});
const queueDepth = gauge('assay_audit_queue_depth', 'Batches and templates not yet judged', { kind: KINDS });
const oldestUnjudged = gauge('assay_audit_oldest_unjudged_age_seconds', 'Age of the oldest batch not yet judged', {});
const held = gauge('assay_audit_held', 'Batches that wait, by the code that holds them', { code: HOLD_CODES });
const breachesOpen = gauge('assay_breaches_open', 'Breaches nobody has acknowledged', { severity: SEVERITIES });

export function countVerdict(result: VerdictResult, code: (typeof VERDICT_CODES)[number]): void {
  verdicts.add({ result, code });
}

export function countTemplateVerdict(result: VerdictResult, code: 'OK' | (typeof TEMPLATE_CODES)[number]): void {
  templateVerdicts.add({ result, code });
}

export function countShares(codes: readonly (ShareCode | undefined)[]): void {
  for (const code of codes) shares.add({ code: code ?? 'OK' });
}

export function countTemplateLookup(hit: boolean): void {
  templateCache.add({ hit: hit ? 'yes' : 'no' });
}

export function countNodeAnswer(answer: Counted): void {
  nodeAnswers.add({ answer });
}

export function countRequeued(tasks: number): void {
  requeued.add({}, tasks);
}

export function showCircuit(open: boolean): void {
  circuitOpen.set({}, open ? 1 : 0);
}

export function showQueue(queue: {
  batches: number;
  templates: number;
  oldestAgeMs: number;
  held: ReadonlyMap<HoldCode, number>;
}): void {
  queueDepth.set({ kind: 'batch' }, queue.batches);
  queueDepth.set({ kind: 'template' }, queue.templates);
  oldestUnjudged.set({}, queue.oldestAgeMs / 1_000);
  for (const code of HOLD_CODES) held.set({ code }, queue.held.get(code) ?? 0);
}

export function showBreaches(open: ReadonlyMap<Severity, number>): void {
  for (const severity of SEVERITIES) breachesOpen.set({ severity }, open.get(severity) ?? 0);
}

type Attributes = Readonly<Record<string, string | number>>;

/** A span that says at its end what came of it. */
interface OutcomeSpan {
  note(attributes: Attributes): void;
}

function outcomeSpan<T>(name: string, attributes: Attributes, run: (span: OutcomeSpan) => Promise<T>): Promise<T> {
  return inSpan(name, { attributes }, (span: Span) => run({ note: (more) => void span.setAttributes(more) }));
}

export function intakeSpan<T>(attributes: Attributes, run: (span: OutcomeSpan) => Promise<T>): Promise<T> {
  return outcomeSpan('auditor.intake', attributes, run);
}

export function checkBatchSpan<T>(batchId: string, run: (span: OutcomeSpan) => Promise<T>): Promise<T> {
  return timed('batch', () => outcomeSpan('auditor.check-batch', { 'assay.batch': batchId }, run));
}

export function checkTemplateSpan<T>(templateId: string, run: (span: OutcomeSpan) => Promise<T>): Promise<T> {
  return timed('template', () => outcomeSpan('auditor.check-template', { 'assay.template': templateId }, run));
}

export function askNodeSpan<T>(nodeId: string, run: (span: OutcomeSpan) => Promise<T>): Promise<T> {
  return outcomeSpan('auditor.ask-node', { 'assay.node': nodeId }, run);
}

async function timed<T>(kind: TaskKind, run: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  try {
    return await run();
  } finally {
    checkSeconds.observe({ kind }, (performance.now() - begin) / 1_000);
  }
}
