import {
  BatchDeadLettered,
  Result as VerdictResult,
  TemplateJudged,
  VerdictGiven,
} from '@assay/proto/gen/assay/auditor/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import type { PoolId } from '@assay/shared/kernel/ids';
import type { Delivery, Disposition } from '@assay/shared/runtime/consumer';
import type { TemplateVerdictOutcome } from '../../flows/apply-template-verdict.ts';
import type { DeadLetteredBatch, VerdictOutcome } from '../../flows/apply-verdict.ts';
import type { BatchVerdictGiven, TemplateVerdictGiven } from '../../domain/verdict.ts';

/** The durable of these consumers, and what it listens to. */
export const VERDICTS_DURABLE = 'pool-verdicts';
export const VERDICT_EVENTS = [
  'auditor.verdict.given',
  'auditor.template.judged',
  'auditor.batch.dead-lettered',
] as const;

type VerdictEvent = (typeof VERDICT_EVENTS)[number];

export interface VerdictFlows {
  applyVerdict(verdict: BatchVerdictGiven): Promise<VerdictOutcome>;
  applyTemplateVerdict(verdict: TemplateVerdictGiven): Promise<TemplateVerdictOutcome>;
  noteDeadLetter(letter: DeadLetteredBatch): Promise<'noted' | 'judged' | 'batch-unknown' | 'hash-differs'>;
}

type Outcome = VerdictOutcome | TemplateVerdictOutcome | 'noted' | 'judged';

/** What becomes of the message by the outcome of its flow. The pool wrote batch and template before they were told. */
const DISPOSITIONS: Readonly<Record<Outcome, Disposition>> = {
  applied: { do: 'ack' },
  known: { do: 'ack' },
  noted: { do: 'ack' },
  // A letter that comes after the verdict which followed on its replay.
  judged: { do: 'ack' },
  'batch-unknown': { do: 'dead-letter', class: 'DISAGREE', code: 'BATCH_UNKNOWN' },
  'template-unknown': { do: 'dead-letter', class: 'DISAGREE', code: 'TEMPLATE_UNKNOWN' },
  'hash-differs': { do: 'dead-letter', class: 'DISAGREE', code: 'BATCH_HASH_DIFFERS' },
  'credit-exceeds': { do: 'dead-letter', class: 'DISAGREE', code: 'CREDIT_EXCEEDS' },
  decided: { do: 'dead-letter', class: 'DISAGREE', code: 'VERDICT_DIFFERS' },
  'verdict-hash-differs': { do: 'poison', code: 'VERDICT_HASH_DIFFERS' },
  'auditor-unknown': { do: 'poison', code: 'AUDITOR_UNKNOWN' },
  'bad-signature': { do: 'poison', code: 'BAD_SIGNATURE' },
};

/** Handler of the durable `pool-verdicts`; facts about other pools are none of ours. */
export function verdictHandler(poolId: PoolId, flows: VerdictFlows) {
  return async ({ event, raw }: Pick<Delivery<VerdictEvent>, 'event' | 'raw'>): Promise<Disposition> => {
    // By the event's own codec: the type of a delivery of several events is not the union of its messages.
    const { poolId: about, outcome } = HANDLERS[event](raw, flows);
    if (about !== poolId) return { do: 'ack' };
    const done = await outcome();
    return done === undefined ? { do: 'poison', code: 'VERDICT_SHAPE' } : DISPOSITIONS[done];
  };
}

interface Handling {
  readonly poolId: string;
  /** Undefined when the message cannot be a verdict. */
  outcome(): Promise<Outcome | undefined>;
}

const HANDLERS: Readonly<Record<VerdictEvent, (raw: Uint8Array, flows: VerdictFlows) => Handling>> = {
  'auditor.verdict.given'(raw, flows) {
    const message = VerdictGiven.decode(raw);
    const given = readVerdict(message);
    return { poolId: message.poolId, outcome: async () => given && flows.applyVerdict(given) };
  },
  'auditor.template.judged'(raw, flows) {
    const message = TemplateJudged.decode(raw);
    const judged = readTemplateJudged(message);
    return { poolId: message.poolId, outcome: async () => judged && flows.applyTemplateVerdict(judged) };
  },
  'auditor.batch.dead-lettered'(raw, flows) {
    const { poolId, batchId, batchHash, code } = BatchDeadLettered.decode(raw);
    return { poolId, outcome: () => flows.noteDeadLetter({ batchId, batchHash, code }) };
  },
};

interface Signed {
  readonly result: VerdictGiven['result'];
  readonly code: string;
  readonly decidedAtMs: bigint;
  readonly auditorPubkey: Uint8Array;
  readonly verdictHash: Uint8Array;
  readonly signature: Uint8Array;
}

function readSigned({ result, code, decidedAtMs, auditorPubkey, verdictHash, signature }: Signed) {
  if (result !== VerdictResult.RESULT_VALID && result !== VerdictResult.RESULT_INVALID) return undefined;
  if (decidedAtMs > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const valid = result === VerdictResult.RESULT_VALID;
  return { valid, code, decidedAt: unixMs(Number(decidedAtMs)), auditorKey: auditorPubkey, verdictHash, signature };
}

function readVerdict(message: VerdictGiven): BatchVerdictGiven | undefined {
  const signed = readSigned(message);
  const { batchId, batchHash, credited, excluded } = message;
  if (signed === undefined || batchHash.length !== 32 || credited >= 2n ** 63n) return undefined;
  return { ...signed, batchId, batchHash, credited, excluded };
}

function readTemplateJudged(message: TemplateJudged): TemplateVerdictGiven | undefined {
  const signed = readSigned(message);
  if (signed === undefined || message.templateId.length !== 32) return undefined;
  return { ...signed, templateId: toHex(message.templateId), declaredBy: message.declaredBy };
}
