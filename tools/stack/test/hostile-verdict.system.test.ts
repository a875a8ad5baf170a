import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Result, VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import type { Quote } from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { fromHex } from '@assay/shared/kernel/bytes';
import { publishEvent } from '@assay/shared/runtime/nats';
import type { TemplateParts } from '@assay/testkit/hostile-template';
import { signVerdict } from '@assay/testkit/hostile-verdict';
import { scrape, sumOf } from '../metrics.ts';
import { type HostileMiner, type HostileStack, isPaid, mintsNothing, startHostileStack } from './hostile-stack.ts';

// Whoever may publish can say anything of a batch. Only the one verdict that the auditor's key signed over this batch
// settles its quote; everything else is kept as a letter and counted, and the quote stays as it was.

const { RESULT_VALID, RESULT_INVALID, RESULT_UNSPECIFIED } = Result;
const REFUSED = 'assay_mint_verdicts_refused_total';

let hostile: HostileStack;
let auditorSecret: Uint8Array;
let template: TemplateDeclared;
let messages = 0;

beforeAll(async () => {
  hostile = await startHostileStack();
  auditorSecret = fromHex(readFileSync(hostile.stack.identity.auditorKeyFile, 'utf8').trim());
  template = await hostile.pool.declare(await hostile.honestParts());
});

afterAll(() => hostile.stop());

function publish(verdict: VerdictGiven): Promise<void> {
  messages += 1;
  return publishEvent(hostile.pool.bus, 'auditor.verdict.given', verdict, { id: `said by a stranger ${messages}` });
}

async function refusals(reason: string): Promise<number> {
  const mint = hostile.stack.instances.filter(({ service }) => service === 'mint');
  return sumOf(await scrape(mint.map(({ metricsPort }) => metricsPort)), REFUSED, { reason });
}

/** Publishes a verdict, which is refused with the code for the reason and changes nothing of the quote. */
async function isRefused(batch: BatchAccepted, verdict: VerdictGiven, code: string, reason: string): Promise<Quote> {
  const [before, counted] = [await hostile.quote(batch), await refusals(reason)];
  await publish(verdict);
  const letter = await hostile.deadLetter('mint', VerdictGiven.encode(verdict).finish());
  expect(letter).toMatchObject({ code, class: 1, state: 1, error: reason });
  expect(await refusals(reason)).toBe(counted + 1);
  expect(await hostile.quote(batch)).toEqual(before);
  return before;
}

interface Waiting {
  readonly miner: HostileMiner;
  readonly batch: BatchAccepted;
  readonly parts: TemplateParts;
}

/** An honest batch whose verdict waits until its template is declared. */
async function waitingBatch(): Promise<Waiting> {
  const parts = await hostile.honestParts();
  const miner = hostile.newMiner();
  const batch = await hostile.honestBatch(miner, hostile.pool.build(parts).declared);
  await hostile.quoteIn(batch, 'QUOTE_STATE_PENDING');
  return { miner, batch, parts };
}

interface Forgery {
  readonly reason: string;
  readonly defect: string;
  forge(batch: BatchAccepted): VerdictGiven;
}

const FORGERIES: readonly Forgery[] = [
  {
    reason: 'signature',
    defect: 'one bit of its signature is wrong',
    forge: (batch) => {
      const verdict = signVerdict(batch, {}, auditorSecret);
      return { ...verdict, signature: Buffer.from(verdict.signature.map((byte, at) => (at === 9 ? byte ^ 1 : byte))) };
    },
  },
  {
    reason: 'signature',
    defect: 'another key signed it in the name of the auditor',
    forge: (batch) => {
      const { auditorPubkey } = signVerdict(batch, {}, auditorSecret);
      return { ...signVerdict(batch, {}, hostile.newMiner().secret), auditorPubkey };
    },
  },
  {
    reason: 'auditor-key',
    defect: 'it is signed by a key that is no auditor',
    forge: (batch) => signVerdict(batch, {}, hostile.newMiner().secret),
  },
  {
    reason: 'auditor-key',
    defect: 'it is signed by the pool',
    forge: (batch) => signVerdict(batch, {}, hostile.pool.poolSecret),
  },
  {
    reason: 'batch-hash',
    defect: 'the auditor gave it on another content',
    forge: (batch) => signVerdict(batch, { batchHash: Buffer.alloc(32, 5) }, auditorSecret),
  },
  {
    reason: 'verdict-hash',
    defect: 'its credit is not the one that was signed',
    forge: (batch) => ({ ...signVerdict(batch, { credited: 1n }, auditorSecret), credited: batch.creditSum }),
  },
  {
    reason: 'verdict-hash',
    defect: 'it leaves out what the auditor excluded',
    forge: (batch) => {
      const excluded = [{ index: 0, code: 'SHARE_STALE' }];
      return { ...signVerdict(batch, { excluded }, auditorSecret), excluded: [] };
    },
  },
  {
    reason: 'credited-range',
    defect: 'it credits more than was asked for',
    forge: (batch) => signVerdict(batch, { credited: batch.creditSum + 1n }, auditorSecret),
  },
  {
    reason: 'credited-range',
    defect: 'it is VALID and credits nothing',
    forge: (batch) => signVerdict(batch, { credited: 0n }, auditorSecret),
  },
  {
    reason: 'credited-range',
    defect: 'it is INVALID and credits something',
    forge: (batch) => signVerdict(batch, { result: RESULT_INVALID, code: 'NO_VALID_SHARE' }, auditorSecret),
  },
  {
    reason: 'malformed',
    defect: 'it says neither VALID nor INVALID',
    forge: (batch) => signVerdict(batch, { result: RESULT_UNSPECIFIED }, auditorSecret),
  },
];

describe('a verdict on a PENDING quote', () => {
  const rows = FORGERIES.map((row): [string, string, Forgery] => [row.reason, row.defect, row]);

  it.each(rows)('is refused: %s, %s; the true one pays', async (reason, _, { forge }) => {
    const { miner, batch, parts } = await waitingBatch();
    const quote = await isRefused(batch, forge(batch), 'VERDICT_REFUSED', reason);
    await mintsNothing(hostile, miner, quote);
    await hostile.pool.declare(parts);
    await isPaid(hostile, { miner, batch });
  });

  it('is refused also when it came before the batch', async () => {
    const parts = await hostile.honestParts();
    const { declared } = hostile.pool.build(parts);
    const miner = hostile.newMiner();
    const batch = hostile.pool.batch(miner, declared, [hostile.mine(miner, declared)]);
    const early = signVerdict(batch, {}, hostile.newMiner().secret);
    await publish(early);
    await expect(hostile.quote(batch)).rejects.toMatchObject({ reason: 'QUOTE_UNKNOWN' });
    await hostile.pool.publish(batch);
    const letter = await hostile.deadLetter('mint', VerdictGiven.encode(early).finish());
    expect(letter).toMatchObject({ code: 'VERDICT_REFUSED', error: 'auditor-key' });
    await mintsNothing(hostile, miner, await hostile.quoteIn(batch, 'QUOTE_STATE_PENDING'));
    await hostile.pool.declare(parts);
    await isPaid(hostile, { miner, batch });
  });
});

describe('a second verdict with other content', () => {
  const others: [string, (batch: BatchAccepted) => VerdictGiven][] = [
    ['credits the same at another time', (batch) => signVerdict(batch, {}, auditorSecret)],
    ['credits less', (batch) => signVerdict(batch, { credited: 1n, code: 'OK_PARTIAL' }, auditorSecret)],
    [
      'takes it back',
      (batch) => signVerdict(batch, { result: RESULT_INVALID, credited: 0n, code: 'OPERATOR_DROPPED' }, auditorSecret),
    ],
    ['is signed by nobody known', (batch) => signVerdict(batch, {}, hostile.newMiner().secret)],
  ];

  it.each(others)('is refused after the quote was PAID, and after it was ISSUED: it %s', async (_, other) => {
    const miner = hostile.newMiner();
    const batch = await hostile.honestBatch(miner, template);
    await hostile.quoteIn(batch, 'QUOTE_STATE_PAID');
    await isRefused(batch, other(batch), 'VERDICT_CONFLICT', 'conflict');
    await isPaid(hostile, { miner, batch });
    await hostile.quoteIn(batch, 'QUOTE_STATE_ISSUED');
    await isRefused(batch, { ...other(batch), revision: 1 }, 'VERDICT_CONFLICT', 'conflict');
  });

  it('is refused after the quote FAILED, which stays so', async () => {
    const miner = hostile.newMiner();
    const batch = hostile.pool.batch(miner, template, [hostile.mine(miner, template, { hash: 'misses' })]);
    await hostile.pool.publish(batch);
    await hostile.quoteIn(batch, 'QUOTE_STATE_FAILED');
    const valid = signVerdict(batch, { result: RESULT_VALID }, auditorSecret);
    await mintsNothing(hostile, miner, await isRefused(batch, valid, 'VERDICT_CONFLICT', 'conflict'));
    const control = hostile.newMiner();
    await isPaid(hostile, { miner: control, batch: await hostile.honestBatch(control, template) });
  });
});

describe('the true verdict', () => {
  it('changes nothing when it comes again, before and after the tokens were minted', async () => {
    const miner = hostile.newMiner();
    const batch = await hostile.honestBatch(miner, template);
    const paid = await hostile.quoteIn(batch, 'QUOTE_STATE_PAID');
    const { verdict } = (await hostile.batch(batch)) ?? {};
    if (verdict === undefined) throw new Error('a paid batch without verdict');
    const letters = hostile.stack.database('mint').collection('deadLetters');
    const before = await letters.countDocuments({});
    for (const _ of [1, 2, 3]) await publish(verdict);
    await isRefused(batch, signVerdict(batch, { code: 'LATER' }, auditorSecret), 'VERDICT_CONFLICT', 'conflict');
    expect(await letters.countDocuments({})).toBe(before + 1);
    expect(await hostile.quote(batch)).toEqual(paid);
    await isPaid(hostile, { miner, batch });
    await hostile.quoteIn(batch, 'QUOTE_STATE_ISSUED');
    await publish(verdict);
    await isRefused(batch, signVerdict(batch, { code: 'LATEST' }, auditorSecret), 'VERDICT_CONFLICT', 'conflict');
    expect(await letters.countDocuments({})).toBe(before + 2);
  });
});
