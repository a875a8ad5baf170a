import { counter, gauge, histogram } from '@assay/shared/runtime/metrics';
import { inSpan } from '@assay/shared/runtime/telemetry';
import type { AnswerMeaning, BlockState } from './domain/block.ts';
import type { TemplateState } from './domain/template.ts';
import type { VardiffRule } from './domain/vardiff.ts';

// Counters of the edge: connections, templates, nodes, blocks. Those of shares and batches are in telemetry.ts.

export const LIMITS = [
  'line',
  'json',
  'handshake',
  'connections',
  'per-address',
  'new-per-address',
  'messages',
  'output',
  'refused-shares',
  'idle',
  'bad-authorize',
  'key-differs',
] as const;
export type Limit = (typeof LIMITS)[number];

export type ConnectionState = 'handshake' | 'mining';

const connections = gauge('assay_pool_connections', 'Open Stratum connections', { state: ['handshake', 'mining'] });
const workersActive = gauge('assay_pool_workers_active', 'Workers authorized on open connections', {});
const limitHits = counter('assay_pool_limit_hits_total', 'Connections that met a limit', { limit: LIMITS });
const vardiffChanges = counter('assay_pool_vardiff_changes_total', 'Changes of difficulty by vardiff', {
  rule: ['up', 'silence', 'down'],
});
const templateAge = gauge('assay_pool_template_age_seconds', 'Age of the current template', {});
const templates = counter('assay_pool_templates_total', 'Templates by source and the state that they reached', {
  source: ['pool'],
  state: ['active', 'superseded', 'stale', 'invalid', 'closed'],
});
const broadcastSeconds = histogram(
  'assay_pool_job_broadcast_duration_seconds',
  'From a template to the last connection that was sent its job',
  {},
  [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5],
);
const nodeHealthy = gauge('assay_pool_node_healthy', 'Whether a node may be used (1) or not (0)', { node: 'open' });
const nodeHeight = gauge('assay_pool_node_height_blocks', 'Height of the tip of a node', { node: 'open' });
const blocks = counter('assay_pool_blocks_total', 'Own blocks by the state that they reached', {
  state: ['submitted', 'refused', 'chained', 'mature', 'orphaned'],
});
const blockAnswers = counter('assay_pool_block_answers_total', 'Answers to submitblock by their meaning', {
  answer: ['taken', 'refused', 'undecided'],
});
const slotRangesFree = gauge('assay_pool_slot_ranges_free', 'Ranges of the slot that may be taken', {});

export function connectionsCounted(counts: Readonly<Record<ConnectionState, number>>, workers: number): void {
  connections.set({ state: 'handshake' }, counts.handshake);
  connections.set({ state: 'mining' }, counts.mining);
  workersActive.set({}, workers);
}

export function limitHit(limit: Limit): void {
  limitHits.add({ limit });
}

export function vardiffChanged(rule: VardiffRule): void {
  vardiffChanges.add({ rule });
}

export function templateAged(ms: number): void {
  templateAge.set({}, ms / 1000);
}

export function templateReached(state: TemplateState): void {
  templates.add({ source: 'pool', state });
}

export function jobBroadcast(seconds: number): void {
  broadcastSeconds.observe({}, seconds);
}

export function nodeSeen(node: string, healthy: boolean, height: number): void {
  nodeHealthy.set({ node }, healthy ? 1 : 0);
  nodeHeight.set({ node }, height);
}

export function blockReached(state: BlockState): void {
  blocks.add({ state });
}

export function blockAnswered(meaning: AnswerMeaning): void {
  blockAnswers.add({ answer: meaning });
}

export function slotRangesCounted(free: number): void {
  slotRangesFree.set({}, free);
}

/** The span in which a template is asked for, stored and offered. */
export function makeTemplateSpan<T>(node: string, run: () => Promise<T>): Promise<T> {
  return inSpan('pool.make-template', { attributes: { node } }, run);
}

export function submitBlockSpan<T>(height: number, run: () => Promise<T>): Promise<T> {
  return inSpan('pool.submit-block', { attributes: { height } }, run);
}
