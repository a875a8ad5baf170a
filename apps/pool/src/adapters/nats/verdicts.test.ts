import { describe, expect, it } from 'vitest';
import { CATALOGUE, type EventName, type MessageOf } from '@assay/proto/catalogue';
import { BatchDeadLettered, Result, TemplateJudged, VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { POOL_ID } from '../../../test/known-work.ts';
import type { BatchVerdictGiven, TemplateVerdictGiven } from '../../domain/verdict.ts';
import type { DeadLetteredBatch, VerdictOutcome } from '../../flows/apply-verdict.ts';
import { type VERDICT_EVENTS, verdictHandler } from './verdicts.ts';

const HASH = Buffer.alloc(32, 1);
const SIGNED = {
  ...{
    result: Result.RESULT_VALID,
    code: 'OK',
    decidedAtMs: 1_795_227_413_000n,
    poolId: POOL_ID,
    version: 1n,
    atMs: 1n,
  },
  ...{ auditorPubkey: HASH, verdictHash: HASH, signature: Buffer.alloc(64, 2) },
};
const GIVEN = VerdictGiven.create({ ...SIGNED, batchId: 'batch', batchHash: HASH, credited: 5n, declared: 5n });
const JUDGED = TemplateJudged.create({ ...SIGNED, templateId: HASH, source: 1 });

function handled() {
  const told: (BatchVerdictGiven | TemplateVerdictGiven | DeadLetteredBatch)[] = [];
  let outcome: VerdictOutcome = 'applied';
  let noted: 'noted' | 'judged' = 'noted';
  const handle = verdictHandler(POOL_ID, {
    applyVerdict: async (verdict) => (told.push(verdict), outcome),
    applyTemplateVerdict: async (verdict) => (told.push(verdict), 'applied'),
    noteDeadLetter: async (letter) => (told.push(letter), noted),
  });
  const deliver = <Name extends EventName>(event: Name & (typeof VERDICT_EVENTS)[number], message: MessageOf<Name>) => {
    const codec: { encode(message: MessageOf<Name>): { finish(): Uint8Array } } = CATALOGUE[event].codec as never;
    return handle({ event, raw: codec.encode(message).finish() });
  };
  const [answer, note] = [(next: VerdictOutcome) => void (outcome = next), (next: 'judged') => void (noted = next)];
  return { told, deliver, answer, note };
}

describe('what the auditor tells', () => {
  it('reaches its flow as it was signed', async () => {
    const { told, deliver } = handled();
    expect(await deliver('auditor.verdict.given', GIVEN)).toEqual({ do: 'ack' });
    expect(await deliver('auditor.template.judged', JUDGED)).toEqual({ do: 'ack' });
    const letter = BatchDeadLettered.create({ poolId: POOL_ID, batchId: 'batch', batchHash: HASH, code: 'NODE_AWAY' });
    expect(await deliver('auditor.batch.dead-lettered', letter)).toEqual({ do: 'ack' });
    expect(told).toMatchObject([
      { batchId: 'batch', valid: true, credited: 5n, decidedAt: 1_795_227_413_000, excluded: [] },
      { templateId: HASH.toString('hex'), valid: true, code: 'OK' },
      { batchId: 'batch', code: 'NODE_AWAY' },
    ]);
  });

  it('in a dead letter that comes after the verdict is no disagreement', async () => {
    const { deliver, note } = handled();
    note('judged');
    const letter = BatchDeadLettered.create({ poolId: POOL_ID, batchId: 'batch', batchHash: HASH, code: 'NODE_AWAY' });
    expect(await deliver('auditor.batch.dead-lettered', letter)).toEqual({ do: 'ack' });
  });

  it('about another pool is none of ours', async () => {
    const { told, deliver } = handled();
    expect(await deliver('auditor.verdict.given', { ...GIVEN, poolId: 'another' })).toEqual({ do: 'ack' });
    expect(told).toEqual([]);
  });

  it.each<[string, Partial<VerdictGiven>]>([
    ['without a result', { result: Result.RESULT_UNSPECIFIED }],
    ['with a hash of another length', { batchHash: Buffer.alloc(31) }],
    ['with a time beyond all times', { decidedAtMs: 2n ** 63n }],
    ['with a credit beyond all credits', { credited: 2n ** 63n }],
  ])('%s is poison', async (_, changed) => {
    const { told, deliver } = handled();
    const disposition = await deliver('auditor.verdict.given', { ...GIVEN, ...changed });
    expect(disposition).toEqual({ do: 'poison', code: 'VERDICT_SHAPE' });
    expect(told).toEqual([]);
  });

  it.each<[VerdictOutcome, unknown]>([
    ['known', { do: 'ack' }],
    ['bad-signature', { do: 'poison', code: 'BAD_SIGNATURE' }],
    ['auditor-unknown', { do: 'poison', code: 'AUDITOR_UNKNOWN' }],
    ['verdict-hash-differs', { do: 'poison', code: 'VERDICT_HASH_DIFFERS' }],
    ['hash-differs', { do: 'dead-letter', class: 'DISAGREE', code: 'BATCH_HASH_DIFFERS' }],
    ['decided', { do: 'dead-letter', class: 'DISAGREE', code: 'VERDICT_DIFFERS' }],
    ['batch-unknown', { do: 'dead-letter', class: 'DISAGREE', code: 'BATCH_UNKNOWN' }],
    ['credit-exceeds', { do: 'dead-letter', class: 'DISAGREE', code: 'CREDIT_EXCEEDS' }],
  ])('that was found %s ends as its row says', async (outcome, disposition) => {
    const { deliver, answer } = handled();
    answer(outcome);
    expect(await deliver('auditor.verdict.given', GIVEN)).toEqual(disposition);
  });
});
