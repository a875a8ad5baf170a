import { ErrorCode, type KeySet, KeysetVersion, SignatoryService } from '@assay/proto/gen/signatory/signatory';
import { bigintFromBytes, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve, keysetIdV2, verifyDleq } from '@assay/shared/kernel/cashu-curve';
import { sha256 } from '@assay/shared/kernel/hash';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { secp256k1 as noble } from '@noble/curves/secp256k1.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningSignatory, runSignatory, type SignatoryCalls } from './running-signatory.ts';

const MASTER = sha256(utf8('a master secret of the tests'));
const clock = new FakeClock();
const inDays = (days: number) => BigInt(clock.now()) / 1000n + BigInt(days) * 86_400n;
const HASH = { currencyUnit: { $case: 'customUnit', value: 'HASH' } } as const;
const SAT = { currencyUnit: { $case: 'unit', value: 1 } } as const;

let database: TestDatabase;
let first: RunningSignatory;
let second: RunningSignatory;

beforeAll(async () => {
  database = await testDatabase();
  first = await runSignatory(database.db, MASTER, clock);
  second = await runSignatory(database.db, MASTER, clock);
});

afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await database.drop();
});

async function keysetsOf(client: SignatoryCalls): Promise<KeySet[]> {
  const { keysets, error } = await client.keysets({});
  expect(error).toBeUndefined();
  return keysets?.keysets ?? [];
}

async function active(client: SignatoryCalls, name: 'hash' | 'sat'): Promise<KeySet> {
  const isWanted = (one: KeySet) => (one.unit?.currencyUnit?.$case === 'unit') === (name === 'sat') && one.active;
  const found = (await keysetsOf(client)).filter(isWanted);
  const [only] = found;
  if (found.length !== 1 || only === undefined) throw new Error(`unit ${name} has ${found.length} active keysets`);
  return only;
}

const outputs = (keyset: KeySet, amounts: readonly bigint[], name = 'output') =>
  amounts.map((amount, at) => {
    const r = bigintFromBytes(sha256(utf8(`r ${name} ${at}`)));
    const point = noble.Point.fromBytes(hashToCurve(utf8(`${name} ${at}`))).add(noble.Point.BASE.multiply(r));
    return { amount, keysetId: keyset.id, blindedSecret: Buffer.from(point.toBytes()), r };
  });

const rotation = (terms: object = {}) => ({
  unit: HASH,
  inputFeePpk: 0n,
  amounts: [1n, 2n, 4n],
  finalExpiry: inDays(200),
  keysetVersion: KeysetVersion.KEYSET_VERSION_V2,
  ...terms,
});

describe('the schema version in the metadata', () => {
  test.each([
    [{}, 'INVALID_ARGUMENT'],
    [{ 'x-signatory-schema-version': '1' }, 'FAILED_PRECONDITION'],
    [{ 'x-signatory-schema-version': '2', 'x-request-id': 'not an id!' }, 'INVALID_ARGUMENT'],
  ])('%j is refused on every call', async (metadata, code) => {
    const client = grpcClient(SignatoryService, { url: first.url, deadlineMs: 5_000, metadata });
    await expect(client.keysets({})).rejects.toMatchObject({ code });
    await expect(client.blindSign({ blindedMessages: [] })).rejects.toMatchObject({ code });
    const stream = client.subscribeKeysets({})[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject({ code });
    client.close();
  });
});

describe('keysets', () => {
  test('are told with keys from which their ids follow', async () => {
    const keyset = await active(first.client(), 'hash');
    const { inputFeePpk, finalExpiry } = keyset;
    const keys = keyset.keys?.keys ?? new Map<bigint, Buffer>();
    expect(keys.size).toBe(53);
    expect(toHex(keyset.id)).toBe(keysetIdV2({ keys, unit: 'hash', inputFeePpk, finalExpiry }));
  });

  test('are the same at every instance', async () => {
    expect(await keysetsOf(second.client())).toEqual(await keysetsOf(first.client()));
  });
});

describe('signing', () => {
  test('1,000 outputs come back in order, each with a proof that its receiver accepts', async () => {
    const keyset = await active(first.client(), 'hash');
    const denominations = [...(keyset.keys?.keys.keys() ?? [])];
    const amounts = Array.from({ length: 1_000 }, (_, at) => denominations[at % denominations.length] ?? 1n);
    const blindedMessages = outputs(keyset, amounts);
    const { sigs, error } = await first.client().blindSign({ blindedMessages });
    expect(error).toBeUndefined();
    expect(sigs?.blindSignatures.map(({ amount }) => amount)).toEqual(amounts);
    for (const [at, { amount, blindedSecret, dleq }] of (sigs?.blindSignatures ?? []).entries()) {
      const publicKey = keyset.keys?.keys.get(amount);
      const blindedMessage = blindedMessages[at]?.blindedSecret;
      if (publicKey === undefined || blindedMessage === undefined || dleq === undefined) throw new Error('incomplete');
      expect(verifyDleq({ publicKey, blindedMessage, blindSignature: blindedSecret }, dleq)).toBe(true);
    }
  });

  test('gives the same bytes at every instance and every time', async () => {
    const blindedMessages = outputs(await active(first.client(), 'hash'), [1n, 2n, 2n ** 52n], 'repeat');
    const answer = await first.client().blindSign({ blindedMessages });
    expect(await first.client().blindSign({ blindedMessages })).toEqual(answer);
    expect(await second.client().blindSign({ blindedMessages })).toEqual(answer);
  });

  test('is refused as a whole, with a code in the answer', async () => {
    const client = first.client();
    const good = outputs(await active(client, 'hash'), [1n, 2n], 'refused');
    const [one, two] = good;
    if (one === undefined || two === undefined) throw new Error('two outputs');
    const cases = [
      [{ ...two, amount: 3n }, ErrorCode.ERROR_CODE_AMOUNT_OUTSIDE_LIMIT],
      [{ ...two, amount: 2n ** 63n }, ErrorCode.ERROR_CODE_AMOUNT_OUTSIDE_LIMIT],
      [{ ...two, blindedSecret: one.blindedSecret }, ErrorCode.ERROR_CODE_DUPLICATE_OUTPUTS_PROVIDED],
      [{ ...two, keysetId: Buffer.alloc(33, 1) }, ErrorCode.ERROR_CODE_KEYSET_NOT_KNOWN],
      [{ ...two, blindedSecret: Buffer.alloc(33) }, ErrorCode.ERROR_CODE_INVALID_BLIND_MESSAGE],
    ] as const;
    for (const [bad, code] of cases) {
      const { sigs, error } = await client.blindSign({ blindedMessages: [one, bad] });
      expect([sigs, error?.code]).toEqual([undefined, code]);
    }
  });

  test('of more than 1,000 outputs is an invalid call', async () => {
    const keyset = await active(first.client(), 'hash');
    const blindedMessages = outputs(
      keyset,
      Array.from({ length: 1_001 }, () => 1n),
      'too many',
    );
    await expect(first.client().blindSign({ blindedMessages })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('verifying', () => {
  test('accepts what was signed here, refuses everything else', async () => {
    const client = second.client();
    const keyset = await active(client, 'hash');
    const [output] = outputs(keyset, [8n], 'proof');
    const publicKey = keyset.keys?.keys.get(8n);
    if (output === undefined || publicKey === undefined) throw new Error('8 is a denomination');
    const { sigs } = await first.client().blindSign({ blindedMessages: [output] });
    const blinded = noble.Point.fromBytes(sigs?.blindSignatures[0]?.blindedSecret ?? Buffer.alloc(33));
    const c = Buffer.from(blinded.subtract(noble.Point.fromBytes(publicKey).multiply(output.r)).toBytes());
    const proof = { amount: 8n, keysetId: keyset.id, secret: Buffer.from('proof 0'), c };
    expect(await client.verifyProofs({ proof: [proof] })).toEqual({ error: undefined, success: true });
    const other = { ...proof, secret: Buffer.from('proof 1') };
    expect(await client.verifyProofs({ proof: [proof, other] })).toEqual({ error: undefined, success: false });
    const twice = await client.verifyProofs({ proof: [proof, proof] });
    expect(twice).toMatchObject({ success: false, error: { code: ErrorCode.ERROR_CODE_DUPLICATE_INPUTS_PROVIDED } });
    const broken = await client.verifyProofs({ proof: [{ ...proof, c: Buffer.alloc(33) }] });
    expect(broken).toMatchObject({ success: false, error: { code: ErrorCode.ERROR_CODE_INVALID_PROOF } });
  });
});

describe('rotating', () => {
  test('makes a new active keyset, told to every subscriber of every instance', async () => {
    const streams = [first, second].map((one) => one.client().subscribeKeysets({})[Symbol.asyncIterator]());
    for (const stream of streams) expect((await stream.next()).value?.keysets?.keysets.length).toBeGreaterThan(0);
    const before = await active(first.client(), 'hash');
    const { keyset, error } = await first.client({ 'x-request-id': 'told' }).rotateKeyset(rotation());
    expect(error).toBeUndefined();
    expect(keyset).toMatchObject({
      active: true,
      version: before.version + 1,
      unit: { currencyUnit: { value: 'hash' } },
    });
    for (const stream of streams) {
      const told = (await stream.next()).value?.keysets?.keysets ?? [];
      expect(told.find((one: KeySet) => one.id.equals(keyset?.id ?? Buffer.alloc(0)))?.active).toBe(true);
      expect(told.find((one: KeySet) => one.id.equals(before.id))?.active).toBe(false);
      await stream.return?.();
    }
  });

  test('is done once for a request id, by whichever instance', async () => {
    const metadata = { 'x-request-id': 'once' };
    const answers = await Promise.all([
      first.client(metadata).rotateKeyset(rotation()),
      second.client(metadata).rotateKeyset(rotation()),
      first.client(metadata).rotateKeyset(rotation({ amounts: [4n, 2n, 1n] })),
    ]);
    expect(new Set(answers.map(({ keyset }) => toHex(keyset?.id ?? Buffer.alloc(0)))).size).toBe(1);
    const { error } = await second.client(metadata).rotateKeyset(rotation({ inputFeePpk: 1n }));
    expect(error?.code).toBe(ErrorCode.ERROR_CODE_COULD_NOT_ROTATE_KEYSET);
  });

  test('by two instances at once leaves one active keyset that both agree on', async () => {
    const clients = Array.from({ length: 6 }, (_, at) => (at % 2 === 0 ? first : second).client());
    const answers = await Promise.all(clients.map((client) => client.rotateKeyset(rotation())));
    const done = answers.filter(({ error }) => error === undefined).length;
    expect(done).toBeGreaterThan(0);
    const activeIds = () =>
      Promise.all([first, second].map(async (one) => toHex((await active(one.client(), 'hash')).id)));
    await expect.poll(async () => new Set(await activeIds()).size).toBe(1);
  });

  test('is refused with a code in the answer', async () => {
    const client = first.client();
    const cases = [
      [{ finalExpiry: inDays(89) }, ErrorCode.ERROR_CODE_COULD_NOT_ROTATE_KEYSET],
      [{ amounts: [3n] }, ErrorCode.ERROR_CODE_COULD_NOT_ROTATE_KEYSET],
      [{ keysetVersion: KeysetVersion.KEYSET_VERSION_V1 }, ErrorCode.ERROR_CODE_COULD_NOT_ROTATE_KEYSET],
      [{ keysetVersion: 3 }, ErrorCode.ERROR_CODE_COULD_NOT_ROTATE_KEYSET],
      [{ finalExpiry: undefined }, ErrorCode.ERROR_CODE_COULD_NOT_ROTATE_KEYSET],
      [{ unit: { currencyUnit: { $case: 'unit', value: 4 } } }, ErrorCode.ERROR_CODE_UNIT_NOT_SUPPORTED],
      [{ unit: undefined }, ErrorCode.ERROR_CODE_UNIT_NOT_SUPPORTED],
    ] as const;
    for (const [terms, code] of cases) expect((await client.rotateKeyset(rotation(terms))).error?.code).toBe(code);
  });

  test('leaves the retired keyset to sign for its grace, and its proofs valid for ever', async () => {
    const client = first.client();
    const old = await active(client, 'sat');
    await client.rotateKeyset(rotation({ unit: SAT, amounts: [] }));
    const blindedMessages = outputs(old, [1n], 'retired');
    expect((await client.blindSign({ blindedMessages })).error).toBeUndefined();
    clock.advance(61_000);
    const late = await client.blindSign({ blindedMessages });
    expect(late.error?.code).toBe(ErrorCode.ERROR_CODE_KEYSET_INACTIVE);
    expect([...((await active(client, 'sat')).keys?.keys.keys() ?? [])]).toEqual([...(old.keys?.keys.keys() ?? [])]);
  });
});
