import {
  type Batch,
  BatchState,
  type Breach,
  BreachState,
  type Template,
  TemplateState,
} from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { BreachSeverity, TemplateJudged, VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { traceIdOf } from '@assay/shared/runtime/telemetry';
import type { BatchRecord, BreachRecord, TemplateRecord } from '../../upkeep-ports.ts';

export function renderBatch(record: BatchRecord, shares: 'with-shares' | 'without-shares'): Batch {
  const accepted = BatchAccepted.decode(record.event);
  return {
    accepted: shares === 'with-shares' ? accepted : { ...accepted, shares: [] },
    state: BatchState[`BATCH_STATE_${record.state}`],
    code: record.code,
    revision: record.revision,
    attempt: record.attempt,
    nextAtMs: BigInt(record.nextAtMs),
    verdict: record.verdictEvent && VerdictGiven.decode(record.verdictEvent),
    traceId: traceIdOf(record.trace),
  };
}

export function renderTemplate(record: TemplateRecord): Template {
  return {
    declared: TemplateDeclared.decode(record.event),
    state: TemplateState[`TEMPLATE_STATE_${record.state}`],
    code: record.code,
    late: record.late,
    nodeAnswers: record.answers.map(({ nodeId, answer }) => ({ nodeId, answer })),
    revision: record.revision,
    attempt: record.attempt,
    nextCheckAtMs: BigInt(record.nextCheckAtMs),
    verdict: record.verdictEvent && TemplateJudged.decode(record.verdictEvent),
  };
}

export function renderBreach(record: BreachRecord): Breach {
  const { id: breachId, rule, scope, expected, found, acknowledgement } = record;
  return {
    ...{ breachId, rule, scope, expected, found },
    severity: BreachSeverity[`BREACH_SEVERITY_${record.severity}`],
    state: BreachState[`BREACH_STATE_${record.state}`],
    count: BigInt(record.count),
    firstAtMs: BigInt(record.firstAtMs),
    lastAtMs: BigInt(record.lastAtMs),
    acknowledgedAtMs: BigInt(acknowledgement?.atMs ?? 0),
    acknowledgedBy: acknowledgement?.by ?? '',
    acknowledgeReason: acknowledgement?.reason ?? '',
    traceId: traceIdOf(record.trace),
  };
}
