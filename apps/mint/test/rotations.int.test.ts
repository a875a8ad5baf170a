import { KeysetRotated } from '@assay/proto/gen/assay/mint/v1/events';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type TestContext, testContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { finishRotations, rotateKeyset, type RotatePorts } from '../src/flows/rotate-keyset.ts';
import { Crash, crashing } from './failpoints.ts';
import { aKeyset, memoryKeysets } from './memory-keys.ts';
import { memoryRotator } from './memory-rotator.ts';

const FIRST = aKeyset({ name: 'first', unit: SAT_UNIT });
const TERMS = { unit: SAT_UNIT, inputFeePpk: 0n, finalExpiryS: undefined, amounts: [] };

let database: TestDatabase;
let clock: FakeClock;
let contexts: [TestContext, TestContext];
let instances: [RotatePorts, RotatePorts];

beforeEach(async () => {
  database = await testDatabase();
  clock = new FakeClock();
  contexts = [testContext({ name: 'mint', clock }), testContext({ name: 'mint', clock })];
  const rotator = memoryRotator([FIRST]);
  // Neither instance hears of a rotation while the test runs.
  const keysets = memoryKeysets([FIRST]);
  const instance = async (context: TestContext) => ({ ...(await mongoStores(context, database.db)), rotator, keysets });
  instances = [await instance(contexts[0]), await instance(contexts[1])];
});

afterEach(async () => {
  for (const context of contexts) await context.stop();
  await database.drop();
});

/** Keysets as the events say that they replaced each other, from the first one on. */
async function toldChain(): Promise<string[]> {
  const documents = await database.db.collection('rotations').find().toArray();
  const bodies = documents.flatMap(({ outbox }) => (outbox as { body: Uint8Array }[]).map(({ body }) => body));
  const next = new Map(
    bodies.map((body) => KeysetRotated.decode(body)).map((told) => [told.oldKeysetId, told.newKeysetId]),
  );
  const chain = [FIRST.id];
  for (let id = next.get(FIRST.id); id !== undefined; id = next.get(id)) chain.push(id);
  return chain;
}

test('rotations of one unit that come together name the keysets that they replaced', async () => {
  const [here, there] = instances;
  const rotated = await Promise.all(
    Array.from({ length: 8 }, (_, n) => rotateKeyset(n % 2 === 0 ? here : there, `rotation-${n}`, TERMS)),
  );
  const made = rotated.map((answer) => (answer.ok ? answer.value.id : answer.error));
  const chain = await toldChain();
  expect(chain).toHaveLength(9);
  expect(new Set(chain)).toEqual(new Set([FIRST.id, ...made]));
  expect(chain.at(-1)).toBe(await here.rotator.active(SAT_UNIT));
});

test.each(['before', 'after'] as const)(
  'also those that crash %s a call, and whoever comes meanwhile',
  async (when) => {
    const [here, there] = instances;
    let rotations = 0;
    for (let at = 1, crashed = true; crashed; at += 1) {
      const points = { calls: 0, at, when };
      const dying = { ...here, rotations: crashing(here.rotations, points), rotator: crashing(here.rotator, points) };
      const ended: unknown = await rotateKeyset(dying, `dying-${at}`, TERMS).catch((error: unknown) => error);
      crashed = ended instanceof Crash;
      expect(await rotateKeyset(there, `other-${at}`, TERMS)).toMatchObject({ ok: true });
      clock.advance(30_000);
      await finishRotations(there);
      expect(await rotateKeyset(here, `dying-${at}`, TERMS)).toMatchObject({ ok: true });
      rotations += 2;
      const chain = await toldChain();
      expect(chain).toHaveLength(1 + rotations);
      expect(chain.at(-1)).toBe(await here.rotator.active(SAT_UNIT));
    }
  },
);
