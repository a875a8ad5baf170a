import { later, unixMs } from '@assay/shared/kernel/clock';
import { concat, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve } from '@assay/shared/kernel/cashu-curve';
import { describe, expect, test } from 'vitest';
import { deriveKeyset, parseUnit } from './keyset.ts';
import { type BlindedMessage, type LiveKeyset, planSigning, planVerification } from './signing-request.ts';

const NOW = unixMs(1_795_227_000_000);
const GRACE_MS = 60_000;
const MASTER = Uint8Array.from({ length: 64 }, (_, at) => at);

function live(name: string, index: number, retiredAt = undefined as LiveKeyset['retiredAt'], finalExpiry?: bigint) {
  const unit = parseUnit(name);
  if (!unit.ok) throw new Error(`not a unit: ${name}`);
  const keyset = deriveKeyset(MASTER, unit.value, { index, amounts: [1n, 2n, 4n], inputFeePpk: 0n, finalExpiry });
  return { keyset, active: retiredAt === undefined, retiredAt };
}

const hash = live('hash', 1);
const sat = live('sat', 0);
const retired = live('hash', 0, later(NOW, -GRACE_MS + 1));
const old = live('hash', 2, later(NOW, -GRACE_MS));
const expired = live('sat', 1, undefined, BigInt(NOW) / 1000n);
const known = new Map([hash, sat, retired, old, expired].map((entry) => [entry.keyset.id, entry] as const));

const message = (text: string, { keyset }: LiveKeyset, amount: bigint): BlindedMessage => ({
  amount,
  keysetId: keyset.id,
  blindedMessage: hashToCurve(utf8(text)),
});
const plan = (...messages: BlindedMessage[]) => planSigning(messages, known, { now: NOW, graceMs: GRACE_MS });
const code = (outcome: ReturnType<typeof plan> | ReturnType<typeof planVerification>) =>
  outcome.ok ? 'ok' : outcome.error.code;

describe('a request to sign', () => {
  test('is planned in its own order, each message with the key of its keyset and amount', () => {
    const planned = plan(
      message('a', hash, 4n),
      message('b', sat, 1n),
      message('c', hash, 2n),
      message('d', retired, 1n),
    );
    if (!planned.ok) throw new Error(planned.error.detail);
    expect(planned.value.jobs.map(({ secretKey }) => secretKey)).toEqual([
      hash.keyset.keys.get(4n)?.secretKey,
      sat.keyset.keys.get(1n)?.secretKey,
      hash.keyset.keys.get(2n)?.secretKey,
      retired.keyset.keys.get(1n)?.secretKey,
    ]);
    expect(planned.value.issued).toEqual(
      new Map([
        [hash.keyset.unit, 7n],
        [sat.keyset.unit, 1n],
      ]),
    );
  });

  test('for nothing is a plan for nothing', () => {
    expect(plan()).toEqual({ ok: true, value: { jobs: [], issued: new Map() } });
  });

  test('is refused as a whole by its first bad message', () => {
    const good = message('a', hash, 1n);
    const unknown = { ...message('b', hash, 1n), keysetId: '00'.repeat(33) };
    expect(code(plan(good, unknown))).toBe('keyset-not-known');
    expect(code(plan(good, message('b', hash, 3n)))).toBe('amount-outside-limit');
    expect(code(plan(good, message('b', old, 1n)))).toBe('keyset-inactive');
    expect(code(plan(good, message('b', expired, 1n)))).toBe('keyset-inactive');
    expect(code(plan(good, message('a', sat, 1n)))).toBe('duplicate-outputs');
    expect(code(plan(message('b', hash, 3n), unknown))).toBe('amount-outside-limit');
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['an x that is not on the curve', concat(Uint8Array.of(2), new Uint8Array(32).fill(0xff))],
    ['an uncompressed point', concat(Uint8Array.of(4), new Uint8Array(64).fill(1))],
    ['the point at infinity', new Uint8Array(33)],
    ['a point cut short', hashToCurve(utf8('x')).subarray(0, 32)],
  ])('is refused when B_ is %s', (_, blindedMessage) => {
    expect(code(plan({ ...message('a', hash, 1n), blindedMessage }))).toBe('invalid-blind-message');
  });
});

describe('proofs to verify', () => {
  const proof = (text: string, { keyset }: LiveKeyset, amount: bigint) => ({
    amount,
    keysetId: keyset.id,
    secret: utf8(text),
    signature: hashToCurve(utf8(text)),
  });

  test('are planned for active, retired and expired keysets alike', () => {
    const jobs = planVerification([proof('a', hash, 1n), proof('b', old, 2n), proof('c', expired, 4n)], known);
    expect(jobs.ok && jobs.value.length).toBe(3);
  });

  test('are refused as a whole by the first that cannot be tried', () => {
    const good = proof('a', hash, 1n);
    expect(code(planVerification([good, { ...good, signature: new Uint8Array(33) }], known))).toBe('invalid-proof');
    expect(code(planVerification([good, { ...good, keysetId: '' }], known))).toBe('keyset-not-known');
    expect(code(planVerification([good, proof('b', hash, 8n)], known))).toBe('amount-outside-limit');
    expect(code(planVerification([good, proof('a', sat, 1n)], known))).toBe('duplicate-inputs');
  });
});
