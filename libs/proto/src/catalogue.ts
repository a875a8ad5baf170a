import {
  BatchDeadLettered,
  BreachAcknowledged,
  BreachOpened,
  TemplateJudged,
  VerdictGiven,
} from './gen/assay/auditor/v1/events.ts';
import { CheckTask } from './gen/assay/auditor/v1/tasks.ts';
import {
  FundChanged,
  IssuanceChanged,
  KeysetRotated,
  OperationCommitted,
  QuoteChanged,
} from './gen/assay/mint/v1/events.ts';
import { BatchAccepted, BlockChanged, BlockFound, TemplateDeclared } from './gen/assay/pool/v1/events.ts';
import type { StreamName } from './streams.ts';

/** Encodes and decodes one message type; `decode` throws on bytes that are no such message. */
export interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

interface Entry<T> {
  /** NATS subject, complete. */
  readonly subject: string;
  readonly stream: StreamName;
  readonly codec: Codec<T>;
  /** Natural key of the fact: the same fact has the same `Nats-Msg-Id`. */
  readonly key: (message: T) => string;
}

const entry = <T>(subject: string, stream: StreamName, codec: Codec<T>, key: (message: T) => string): Entry<T> => ({
  subject,
  stream,
  codec,
  key,
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const quoteKey = (quote: QuoteChanged) => `quote:${quote.naturalKey}:${quote.version}`;
const taskKey = (task: CheckTask) => `${task.kind === 1 ? 'batch' : 'template'}:${task.id}:${task.revision}`;

/** Every fact and task on the bus: name → subject, stream, message, key. The one place where subjects are written. */
export const CATALOGUE = {
  'pool.batch.accepted': entry('assay.v1.evt.pool.batch.accepted', 'POOL', BatchAccepted, (m) => `batch:${m.batchId}`),
  'pool.template.declared': entry(
    'assay.v1.evt.pool.template.declared',
    'POOL',
    TemplateDeclared,
    (m) => `template:${hex(m.templateId)}`,
  ),
  'pool.block.found': entry('assay.v1.evt.pool.block.found', 'POOL', BlockFound, (m) => `block:${hex(m.blockHash)}:0`),
  'pool.block.changed': entry(
    'assay.v1.evt.pool.block.changed',
    'POOL',
    BlockChanged,
    (m) => `block:${hex(m.blockHash)}:${m.state}:${m.atMs}`,
  ),
  'auditor.verdict.given': entry(
    'assay.v1.evt.auditor.verdict.given',
    'AUDITOR',
    VerdictGiven,
    (m) => `verdict:${m.poolId}/${m.batchId}:${hex(m.verdictHash)}`,
  ),
  'auditor.template.judged': entry(
    'assay.v1.evt.auditor.template.judged',
    'AUDITOR',
    TemplateJudged,
    (m) => `template-verdict:${hex(m.templateId)}:${hex(m.verdictHash)}`,
  ),
  'auditor.batch.dead-lettered': entry(
    'assay.v1.evt.auditor.batch.dead-lettered',
    'AUDITOR',
    BatchDeadLettered,
    (m) => `batch-dead:${m.poolId}/${m.batchId}:${m.revision}`,
  ),
  'auditor.breach.opened': entry(
    'assay.v1.evt.auditor.breach.opened',
    'AUDITOR',
    BreachOpened,
    (m) => `breach:${m.breachId}:${m.version}`,
  ),
  'auditor.breach.acknowledged': entry(
    'assay.v1.evt.auditor.breach.acknowledged',
    'AUDITOR',
    BreachAcknowledged,
    (m) => `breach:${m.breachId}:${m.version}`,
  ),
  'auditor.check-batch': entry('assay.v1.cmd.auditor.batch.check', 'AUDITOR_TASKS', CheckTask, taskKey),
  'auditor.check-template-pool': entry('assay.v1.cmd.auditor.template.check.pool', 'AUDITOR_TASKS', CheckTask, taskKey),
  'mint.quote.created': entry('assay.v1.evt.mint.quote.created', 'MINT', QuoteChanged, quoteKey),
  'mint.quote.paid': entry('assay.v1.evt.mint.quote.paid', 'MINT', QuoteChanged, quoteKey),
  'mint.quote.failed': entry('assay.v1.evt.mint.quote.failed', 'MINT', QuoteChanged, quoteKey),
  'mint.quote.issued': entry('assay.v1.evt.mint.quote.issued', 'MINT', QuoteChanged, quoteKey),
  'mint.operation.committed': entry(
    'assay.v1.evt.mint.operation.committed',
    'MINT',
    OperationCommitted,
    (m) => `operation:${m.opId}:${m.version}`,
  ),
  'mint.keyset.rotated': entry(
    'assay.v1.evt.mint.keyset.rotated',
    'MINT',
    KeysetRotated,
    (m) => `keyset:${m.newKeysetId}`,
  ),
  'mint.fund.changed': entry(
    'assay.v1.evt.mint.fund.changed',
    'MINT',
    FundChanged,
    (m) => `fund:${m.fund}:${m.version}`,
  ),
  'mint.issuance.paused': entry(
    'assay.v1.evt.mint.issuance.paused',
    'MINT',
    IssuanceChanged,
    (m) => `issuance:${m.version}`,
  ),
  'mint.issuance.resumed': entry(
    'assay.v1.evt.mint.issuance.resumed',
    'MINT',
    IssuanceChanged,
    (m) => `issuance:${m.version}`,
  ),
} as const;

export type Catalogue = typeof CATALOGUE;
export type EventName = keyof Catalogue;
/** The message of one catalogue entry. */
export type MessageOf<Name extends EventName> = Name extends EventName
  ? ReturnType<Catalogue[Name]['codec']['decode']>
  : never;

/** Core NATS subjects: notes that may be lost, in no stream. */
export const NOTE_SUBJECTS = {
  /** Somebody changed the mint's control document. */
  mintControl: 'assay.v1.ntf.mint.control',
  /** Something that wallets may be subscribed to changed; `.<kind>.<00..63>` follow, see `mintNoteSubject`. */
  mintChange: 'assay.v1.ntf.mint',
  /** A share was refused (`ShareRefused`); at most 1,000 a second of an instance. */
  poolShare: 'assay.v1.live.pool.share',
} as const;

/**
 * Core NATS subject of changes that wallets may be subscribed to (03-mint section 8).
 * @param kind of NUT-17: `ehash_mint_quote`, `proof_state` …
 * @param shard 0..63: first byte of sha256 of the filter, mod 64.
 */
export function mintNoteSubject(kind: string, shard: number): string {
  return `${NOTE_SUBJECTS.mintChange}.${kind}.${shard.toString().padStart(2, '0')}`;
}

/** Where the raw message of a dead letter goes. */
export function deadLetterSubject(app: string, durable: string): string {
  return `assay.v1.dlq.${app}.${durable}`;
}
