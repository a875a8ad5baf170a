import { CATALOGUE } from '@assay/proto/catalogue';
import { KeysetRotated } from '@assay/proto/gen/assay/mint/v1/events';
import { OperationState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { unixMs } from '@assay/shared/kernel/clock';
import { err } from '@assay/shared/kernel/result';
import { amount } from '@assay/shared/kernel/money';
import { publicKeyOf, schnorrVerify } from '@assay/shared/kernel/schnorr';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liabilitiesHash } from '../src/domain/liabilities.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { finishRotations, rotateKeyset, type RotatePorts } from '../src/flows/rotate-keyset.ts';
import { aSwap, KEYSET } from './committed-operations.ts';
import { Crash, crashing } from './failpoints.ts';
import { memoryRotator } from './memory-rotator.ts';
import { IDENTITY_SECRET, type RunningMint, runMint } from './running-mint.ts';

const ROTATED = CATALOGUE['mint.keyset.rotated'].subject;

let database: TestDatabase;
let nats: NatsServer;
let mint: RunningMint;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
  mint = await runMint({ db: database.db, natsUrl: nats.url });
});

afterAll(async () => {
  await mint.stop();
  await nats.stop();
  await database.drop();
});

const refused = (code: string, reason: string) => expect.objectContaining({ code, reason });
const asked = (requestId: string, more: object = {}) => ({
  ...{ requestId, reason: 'the old one is full', unit: 'SAT', inputFeePpk: 100n, finalExpiry: 0n, amounts: [] },
  ...more,
});
const events = () => database.db.collection('rotations').countDocuments({ state: 'ROTATED' });

describe('RotateKeyset', () => {
  test('makes one keyset for one request, and tells it once', async () => {
    const first = await mint.operators.rotateKeyset(asked('r-1'));
    expect(first.keyset).toMatchObject({ unit: 'SAT', active: true, inputFeePpk: 100n });
    expect(await mint.operators.rotateKeyset(asked('r-1'))).toEqual(first);
    const told = await until('it is told', async () => {
      const info = await mint.bus.jsm.streams.getMessage('MINT', { last_by_subj: ROTATED });
      return info === null ? undefined : KeysetRotated.decode(info.data);
    });
    const old = mint.keysets.all().find(({ unit }) => unit === 'sat');
    expect(told).toMatchObject({ unit: 'SAT', newKeysetId: first.keyset?.keysetId, oldKeysetId: old?.id });
    expect(told.keys).toHaveLength(53);
  });

  test('refuses with the reasons of its table', async () => {
    const cases: [string, object, string, string][] = [
      ['r-1', { inputFeePpk: 0n }, 'ALREADY_EXISTS', 'REQUEST_ID_REUSED'],
      ['r-2', { unit: 'HASH' }, 'INVALID_ARGUMENT', 'FINAL_EXPIRY_TOO_SOON'],
      ['r-3', { finalExpiry: 1n }, 'INVALID_ARGUMENT', 'FINAL_EXPIRY_TOO_SOON'],
      ['r-4', { amounts: [3n] }, 'INVALID_ARGUMENT', 'AMOUNTS_INVALID'],
      ['r-5', { unit: 'USD' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      ['r-6', { reason: '' }, 'INVALID_ARGUMENT', 'REASON_TOO_SHORT'],
    ];
    for (const [requestId, more, code, reason] of cases) {
      await expect(mint.operators.rotateKeyset(asked(requestId, more)), reason).rejects.toEqual(refused(code, reason));
    }
    expect(await events()).toBe(1);
  });

  test.each(['before', 'after'] as const)('rotates once and tells once, whatever crashes %s a call', async (when) => {
    const terms = { unit: SAT_UNIT, inputFeePpk: 0n, finalExpiryS: undefined, amounts: [] };
    for (let at = 1, crashed = true; crashed; at += 1) {
      const rotator = memoryRotator(mint.keysets.all());
      const before = await events();
      const points = { calls: 0, at, when };
      const later = { now: () => unixMs(mint.clock.now() + 60_000) };
      const ports: RotatePorts = { rotations: mint.rotations, rotator, keysets: mint.keysets, clock: later };
      const rotationId = `${when}-${at}`;
      const ended: unknown = await rotateKeyset(
        {
          ...ports,
          clock: mint.clock,
          rotations: crashing(mint.rotations, points),
          rotator: crashing(rotator, points),
        },
        rotationId,
        terms,
      ).catch((error: unknown) => error);
      crashed = ended instanceof Crash;
      await finishRotations(ports);
      const again = await rotateKeyset(ports, rotationId, terms);
      expect([again.ok, rotator.rotated()]).toEqual([true, 1]);
      expect(await events()).toBe(before + 1);
    }
    expect(await mint.rotations.listBegun(unixMs(mint.clock.now() + 60_000))).toEqual([]);
  });

  test('tells what one was refused and another, at the same time, was not', async () => {
    const terms = { unit: SAT_UNIT, inputFeePpk: 0n, finalExpiryS: undefined, amounts: [] };
    const [before, done] = [await events(), memoryRotator(mint.keysets.all())];
    const later = { now: () => unixMs(mint.clock.now() + 60_000) };
    const { rotations, keysets, clock } = mint;
    const refusing = { ...done, rotate: () => Promise.resolve(err('rotated by somebody else just now')) };
    const overtaken = {
      ...done,
      rotate: async (rotation: Parameters<typeof done.rotate>[0]) => {
        await finishRotations({ rotations, keysets, rotator: refusing, clock: later });
        return done.rotate(rotation);
      },
    };
    expect(await rotateKeyset({ rotations, keysets, rotator: overtaken, clock }, 'two', terms)).toMatchObject({
      ok: true,
    });
    expect([done.rotated(), await events()]).toEqual([1, before + 1]);
  });
});

describe('GetOperation', () => {
  test('shows an operation without secrets and signatures', async () => {
    const committed = aSwap(mint.clock.now(), [8n, 4n], [8n, 4n]);
    await mint.operations.commit(committed);
    const { operation } = await mint.operators.getOperation({ opId: committed.opId.toUpperCase() });
    expect(operation).toMatchObject({
      ...{ opId: committed.opId, state: OperationState.OPERATION_STATE_COMMITTED, unit: 'HASH', fee: 0n },
      issued: [{ amount: 8n }, { amount: 4n }],
    });
    expect(operation?.spent.map(({ y }) => y.toString('hex'))).toEqual(committed.inputs.map(({ y }) => y));
    await expect(mint.operators.getOperation({ opId: 'ab'.repeat(32) })).rejects.toEqual(
      refused('NOT_FOUND', 'OPERATION_UNKNOWN'),
    );
  });

  test('shows a melt in each of its states', async () => {
    const input = aSwap(mint.clock.now(), [8n], []).inputs;
    const opId = 'cd'.repeat(32);
    const intent = { opId, method: 'bolt11', unit: SAT_UNIT, meltQuoteId: '0'.repeat(36), paymentKey: 'p' } as const;
    await mint.melts.reserve({ ...intent, inputs: input, blanks: [], fee: amount(0n), trace: undefined });
    const shown = async () => (await mint.operators.getOperation({ opId })).operation;
    expect(await shown()).toMatchObject({ state: OperationState.OPERATION_STATE_PENDING, spent: [{ amount: 8n }] });
    const melt = await mint.melts.find(opId);
    if (melt?.state === 'PENDING') await mint.melts.release(melt);
    const failed = await shown();
    expect(failed).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, spent: [] });
    expect(failed?.released.map((y) => y.toString('hex'))).toEqual(input.map(({ y }) => y));
  });
});

describe('SignLiabilities', () => {
  const END = unixMs(20_778 * 86_400_000);
  const said = (more: object = {}) => ({
    ...{ keysetId: KEYSET.id, period: 20_777n, endMs: BigInt(END), previousGlobalDigest: Buffer.alloc(32, 1) },
    ...{ issuedSize: 0n, issuedRoot: Buffer.alloc(32, 2), issuedSum: 0n },
    ...{ spentSize: 0n, spentRoot: Buffer.alloc(32, 3), spentSum: 0n },
    ...more,
  });

  test('signs what the cut of the mint says too, with the key of NUT-06', async () => {
    const auditor = mint.teamsAs('auditor');
    const { signature, pubkey } = await auditor.signLiabilities(said());
    expect(pubkey).toEqual(Buffer.from(publicKeyOf(IDENTITY_SECRET)));
    expect(schnorrVerify(signature, liabilitiesHash(said(), END), pubkey.subarray(1))).toBe(true);
    expect(await auditor.signLiabilities(said())).toEqual({ signature, pubkey });
    const cases: [object, string, string][] = [
      [{ issuedSize: 1n }, 'FAILED_PRECONDITION', 'LIABILITIES_DIFFER'],
      [{ spentSum: 1n }, 'FAILED_PRECONDITION', 'LIABILITIES_DIFFER'],
      [{ period: 40_000n, endMs: 40_001n * 86_400_000n }, 'FAILED_PRECONDITION', 'CUT_NOT_FINAL'],
      [{ endMs: BigInt(END) + 1n }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ issuedRoot: Buffer.alloc(31) }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ keysetId: 'x' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
    ];
    for (const [more, code, reason] of cases) {
      await expect(auditor.signLiabilities(said(more)), reason).rejects.toEqual(refused(code, reason));
    }
    await expect(mint.teamsAs('rewards').signLiabilities(said())).rejects.toEqual(
      refused('PERMISSION_DENIED', 'CALLER_NOT_ALLOWED'),
    );
  });
});
