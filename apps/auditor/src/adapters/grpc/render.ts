import { CATALOGUE } from '@assay/proto/catalogue';
import {
  type Batch,
  BatchState,
  type Breach,
  BreachState,
  type Template,
  TemplateState,
} from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { BreachSeverity, TemplateJudged, VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { type DeadLetter, DeadLetterClass, DeadLetterState } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import type { DeadLetter as StoredLetter, ListedLetter } from '@assay/shared/runtime/dead-letters';
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

/** Without the raw message: for lists. */
export function renderLetter(letter: ListedLetter): DeadLetter {
  return {
    deadLetterId: letter._id,
    durable: letter.durable,
    class: DeadLetterClass[`DEAD_LETTER_CLASS_${letter.class}`],
    code: letter.code,
    state: DeadLetterState[`DEAD_LETTER_STATE_${letter.state}`],
    deliveries: letter.deliveries,
    firstSeenMs: BigInt(letter.firstSeenAt.getTime()),
    lastSeenMs: BigInt(letter.lastSeenAt.getTime()),
    error: letter.error,
    nodeAnswers: letter.nodeAnswers.map(({ nodeId, answer }) => ({ nodeId, answer })),
    traceId: traceIdOf(letter.trace),
    subject: letter.subject,
    raw: Buffer.alloc(0),
    rendered: '',
    reason: letter.reason,
  };
}

export function renderWholeLetter(letter: StoredLetter): DeadLetter {
  const { subject, raw } = letter;
  return { ...renderLetter(letter), raw: Buffer.from(raw), rendered: renderMessage(subject, raw) };
}

/** A raw message for people: JSON with bytes in hex; empty when it is no message of its subject. */
function renderMessage(subject: string, raw: Uint8Array): string {
  const entry = Object.values(CATALOGUE).find((each) => each.subject === subject);
  try {
    return entry === undefined ? '' : JSON.stringify(entry.codec.decode(raw), readable, 2);
  } catch {
    // Poison: shown as raw bytes only.
    return '';
  }
}

function readable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'Buffer') return value;
  return 'data' in value && Array.isArray(value.data) ? Buffer.from(value.data).toString('hex') : value;
}
