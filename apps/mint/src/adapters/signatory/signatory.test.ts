import { present } from '@assay/shared/kernel/assert';
import { err } from '@assay/shared/kernel/result';
import { wireStatusOf } from '@assay/shared/runtime/grpc-status';
import { testContext, type TestContext } from '@assay/testkit/context';
import { FakeClock } from '@assay/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aKeyset, memoryKeysets, memorySignatory } from '../../../test/memory-keys.ts';
import { type SignatoryServer, signatoryServer, wireOf } from '../../../test/memory-signatory-server.ts';
import { blind, unblind } from '../../../test/wallet-secrets.ts';
import type { Keysets } from '../../ports.ts';
import { grpcSignatory } from './grpc-signatory.ts';
import { subscribeKeysets } from './keyset-cache.ts';

const ACTIVE = aKeyset({ name: 'active' });
const RETIRED = aKeyset({ name: 'retired', active: false });

let server: SignatoryServer;
beforeEach(async () => {
  server = await signatoryServer([ACTIVE, RETIRED]);
});
afterEach(() => server.end());

/** What a team is told that asked for what failed. */
function toldOf(work: () => unknown): string {
  try {
    work();
    return 'OK';
  } catch (error) {
    return wireStatusOf(error).name;
  }
}

const output = (name: string, keyset = ACTIVE) => blind(name, 4n, keyset).output;

describe('the signatory over gRPC', () => {
  it('signs in the order of the outputs, and verifies what came of it', async () => {
    const signatory = grpcSignatory(server.client);
    const blinded = ['a', 'b', 'c'].map((name) => blind(name, 4n, ACTIVE));
    const outputs = blinded.map((entry) => entry.output);
    const signed = await signatory.blindSign(outputs);
    expect(signed).toEqual(await memorySignatory(memoryKeysets([ACTIVE])).blindSign(outputs));
    const proofs = blinded.flatMap((entry, index) => {
      const signature = signed.ok ? signed.value[index] : undefined;
      return signature === undefined ? [] : [unblind(entry, signature, ACTIVE)];
    });
    expect(proofs).toHaveLength(3);
    expect(await signatory.verifyProofs(proofs)).toBe(true);
    expect(await signatory.verifyProofs(proofs.map((proof) => ({ ...proof, secret: 'x' })))).toBe(false);
  });

  it('requests that come together go together, each with its own answer', async () => {
    const signatory = grpcSignatory(server.client);
    const names = Array.from({ length: 100 }, (_, index) => `n-${index}`);
    const answers = await Promise.all(names.map((name) => signatory.blindSign([output(name)])));
    expect(answers.map((answer) => answer.ok && answer.value[0]?.b)).toEqual(names.map((name) => output(name).b));
    expect(server.calls()).toBeLessThan(10);
  });

  it('nobody is refused for a neighbour', async () => {
    const signatory = grpcSignatory(server.client);
    const answers = await Promise.all([
      signatory.blindSign([output('good')]),
      signatory.blindSign([output('bad', RETIRED)]),
      signatory.blindSign([output('also good')]),
    ]);
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(answers[1]).toEqual(err('keyset-inactive'));
    const forged = { ...output('forged'), secret: 'forged', c: output('x').b, witness: undefined };
    expect(await Promise.all([signatory.verifyProofs([forged]), signatory.verifyProofs([])])).toEqual([false, true]);
  });

  it('a thousand proofs are verified in parts, and the first part that is none ends it', async () => {
    const signatory = grpcSignatory(server.client);
    const forged = Array.from({ length: 1_000 }, (_, index) => {
      return { ...output('forged'), secret: `forged ${index}`, c: output('x').b, witness: undefined };
    });
    const before = server.calls();
    expect(await signatory.verifyProofs(forged)).toBe(false);
    expect(server.calls()).toBe(before + 1);
    const name = (index: number) => `good ${index}`;
    const blinded = Array.from({ length: 150 }, (_, index) => blind(name(index), 4n, ACTIVE));
    const signed = await signatory.blindSign(blinded.map((entry) => entry.output));
    const proofs = signed.ok
      ? signed.value.map((signature, index) => unblind(present(blinded[index], 'blinded'), signature, ACTIVE))
      : [];
    expect(await signatory.verifyProofs(proofs)).toBe(true);
    expect(server.calls()).toBe(before + 1 + 1 + 3);
    expect(await signatory.verifyProofs([...proofs, ...forged.slice(0, 1)])).toBe(false);
  });

  it('a lost signatory is a fault, never a refusal', async () => {
    await server.stop();
    const signatory = grpcSignatory(server.client);
    await expect(signatory.blindSign([output('a')])).rejects.toThrow('BlindSign');
    await expect(signatory.verifyProofs([])).rejects.toThrow('VerifyProofs');
  });
});

describe('the keysets of the signatory', () => {
  let context: TestContext;
  let clock: FakeClock;
  let keysets: Keysets;
  beforeEach(() => {
    clock = new FakeClock();
    context = testContext({ clock });
    keysets = subscribeKeysets(context, server.client);
  });
  afterEach(() => context.stop());

  const known = () => keysets.all().map(({ id, active }) => [id, active]);

  it('are those of the first snapshot; before it nothing is said', async () => {
    expect(() => keysets.all()).toThrow('no keysets yet');
    expect(toldOf(() => keysets.all())).toBe('UNAVAILABLE');
    expect(keysets.isFresh()).toBe(false);
    await expect.poll(known).toEqual([
      [ACTIVE.id, true],
      [RETIRED.id, false],
    ]);
    expect(keysets.get(ACTIVE.id)).toEqual(ACTIVE);
    expect(keysets.isFresh()).toBe(true);
    expect(await context.isReady()).toBe(true);
  });

  it('follow a rotation', async () => {
    const next = aKeyset({ name: 'next', finalExpiryS: 2_000_000_000n });
    await expect.poll(known).toHaveLength(2);
    server.tell([next, { ...ACTIVE, active: false }].map(wireOf));
    await expect.poll(known).toEqual([
      [next.id, true],
      [ACTIVE.id, false],
    ]);
    expect(keysets.get(next.id)).toEqual(next);
  });

  it('are kept while the signatory is away, for a minute they are good, and it is found again', async () => {
    await expect.poll(known).toHaveLength(2);
    await server.stop();
    const isReadyAMinuteLater = () => {
      clock.advance(60_001);
      return context.isReady();
    };
    await expect.poll(isReadyAMinuteLater).toBe(false);
    expect(known()).toHaveLength(2);
    await server.restart();
    await expect.poll(() => context.isReady()).toBe(true);
  });

  it('with content that is not of their id are not taken', async () => {
    await expect.poll(known).toHaveLength(2);
    const forged = { ...wireOf(aKeyset({ name: 'forged' })), id: Buffer.from(`02${'00'.repeat(32)}`, 'hex') };
    const dearer = { ...wireOf(ACTIVE), inputFeePpk: 1n };
    for (const keyset of [forged, dearer]) {
      const before = server.subscribed();
      server.tell([keyset]);
      // It leaves the stream that told such a thing, and asks again.
      await expect.poll(() => server.subscribed()).toBeGreaterThan(before);
      expect(known()).toHaveLength(2);
    }
  });
});
