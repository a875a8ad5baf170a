import { utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve } from '@assay/shared/kernel/cashu-curve';
import { FakeClock } from '@assay/testkit/fake-clock';
import { describe, expect, test } from 'vitest';
import { memoryUnitStore } from '../../test/memory-unit-store.ts';
import { unit } from '../../test/unit-store-contract.ts';
import { inlineSigner } from '../adapters/workers/inline-signer.ts';
import { blindSign, issueLimiter } from './blind-sign.ts';
import { createFirstKeysets, type UnitSettings } from './create-first-keysets.ts';
import { openKeyring } from './keyring.ts';
import { rotateKeyset } from './rotate-keyset.ts';
import { verifyProofs } from './verify-proofs.ts';

const MASTER = Uint8Array.from({ length: 64 }, (_, at) => at);
const SETTINGS: UnitSettings[] = [
  { unit: unit('hash'), inputFeePpk: 0n, finalExpiryDays: 365, highestPower: 10 },
  { unit: unit('sat'), inputFeePpk: 0n, finalExpiryDays: undefined, highestPower: 10 },
];
const GRACE_MS = 60_000;

async function open(limit = 0n) {
  const clock = new FakeClock();
  const units = memoryUnitStore();
  await createFirstKeysets(units, MASTER, SETTINGS, clock.now());
  const keyring = await openKeyring(units, MASTER);
  const ports = { keyring, signer: inlineSigner, limiter: issueLimiter(clock, limit), clock, graceMs: GRACE_MS };
  const [hash, sat] = keyring.snapshot().keysets.map(({ keyset }) => keyset);
  if (hash === undefined || sat === undefined) throw new Error('two units were configured');
  const output = (text: string, amount: bigint, keysetId = hash.id) => ({
    amount,
    keysetId,
    blindedMessage: hashToCurve(utf8(text)),
  });
  return { clock, units, keyring, ports, hash, sat, output };
}

describe('signing', () => {
  test('gives the same signatures for the same request, in its order', async () => {
    const { ports, output } = await open();
    const messages = [output('a', 1n), output('b', 1024n), output('c', 2n)];
    const signed = await blindSign(ports, messages);
    const backwards = await blindSign(ports, [...messages].reverse());
    if (!signed.ok || !backwards.ok) throw new Error('refused');
    expect(await blindSign(ports, messages)).toEqual(signed);
    expect([...backwards.value].reverse()).toEqual(signed.value);
  });

  test('signs nothing when one message is refused', async () => {
    const { ports, output } = await open(100n);
    const refused = await blindSign(ports, [output('a', 64n), output('b', 3n)]);
    expect(refused).toMatchObject({ ok: false, error: { code: 'amount-outside-limit' } });
    expect(await blindSign(ports, [output('a', 64n), output('b', 32n)])).toMatchObject({ ok: true });
  });

  test('stops at the limit of a minute of a unit, counting neither other units nor what was refused', async () => {
    const { clock, ports, output, sat } = await open(100n);
    const sign = async (...messages: ReturnType<typeof output>[]) => (await blindSign(ports, messages)).ok;
    expect(await sign(output('a', 64n))).toBe(true);
    expect(await sign(output('b', 64n))).toBe(false);
    expect(await sign(output('c', 64n), output('d', 64n, sat.id))).toBe(false);
    expect(await sign(output('d', 64n, sat.id), output('e', 32n))).toBe(true);
    clock.advance(60_000);
    expect(await sign(output('b', 64n))).toBe(true);
  });

  test('goes on with a retired keyset for the grace only', async () => {
    const { clock, units, keyring, ports, output } = await open();
    const finalExpiry = BigInt(clock.now()) / 1000n + 200n * 86_400n;
    const asked = { amounts: [1n], inputFeePpk: 0n, finalExpiry, requestId: undefined };
    clock.advance(1_000);
    await rotateKeyset({ units, keyring, clock }, unit('hash'), asked);
    expect(await blindSign(ports, [output('a', 1n)])).toMatchObject({ ok: true });
    clock.advance(GRACE_MS);
    expect(await blindSign(ports, [output('a', 1n)])).toMatchObject({ error: { code: 'keyset-inactive' } });
  });
});

describe('verifying', () => {
  test('accepts proofs of any keyset and refuses a bad one among good ones', async () => {
    const { ports, hash, sat, output } = await open();
    // r = 0: the blinded message is the point of the secret itself, and the blind signature is the proof.
    const signed = await blindSign(ports, [output('a', 2n), output('b', 4n, sat.id)]);
    if (!signed.ok) throw new Error(signed.error.detail);
    const [a, b] = signed.value;
    if (a === undefined || b === undefined) throw new Error('two signatures');
    const good = [
      { amount: 2n, keysetId: hash.id, secret: utf8('a'), signature: a.blindSignature },
      { amount: 4n, keysetId: sat.id, secret: utf8('b'), signature: b.blindSignature },
    ] as const;
    expect(await verifyProofs(ports, good)).toEqual({ ok: true, value: true });
    expect(await verifyProofs(ports, [good[0], { ...good[1], secret: utf8('c') }])).toEqual({ ok: true, value: false });
    expect(await verifyProofs(ports, [good[0], { ...good[1], amount: 2n }])).toEqual({ ok: true, value: false });
  });
});
