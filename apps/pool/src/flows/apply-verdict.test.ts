import { beforeEach, describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { schnorrSign, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { openBatch, sealFor, sharesOf } from '../../test/batch-port.contract.ts';
import { memoryBatches } from '../../test/memory-batches.ts';
import type { SealedBatch } from '../domain/batch.ts';
import { type BatchVerdictGiven, batchVerdictHash } from '../domain/verdict.ts';
import { applyVerdict, type ApplyVerdictPorts, noteDeadLetter } from './apply-verdict.ts';

const AUDITOR = new Uint8Array(32).fill(5);
const STRANGER = new Uint8Array(32).fill(6);

let batches: ReturnType<typeof memoryBatches>;
let ports: ApplyVerdictPorts;
let sealed: SealedBatch;

function signed(changed: Partial<BatchVerdictGiven> = {}, secret = AUDITOR): BatchVerdictGiven {
  const unsigned: BatchVerdictGiven = {
    valid: true,
    code: 'OK',
    decidedAt: unixMs(1_795_227_413_000),
    auditorKey: xOnlyPublicKeyOf(secret),
    verdictHash: new Uint8Array(32),
    signature: new Uint8Array(64),
    batchId: sealed.batchId,
    batchHash: sealed.seal.batchHash,
    credited: sealed.seal.creditSum,
    excluded: [],
    ...changed,
  };
  const verdictHash = batchVerdictHash(unsigned);
  return { ...unsigned, verdictHash, signature: schnorrSign(verdictHash, secret) };
}

beforeEach(async () => {
  batches = memoryBatches();
  ports = { batches, auditorKeys: [xOnlyPublicKeyOf(AUDITOR)] };
  const batch = openBatch(sharesOf('one', 'two'));
  await batches.write([{ do: 'seal-at-once', batch, seal: sealFor(batch), trace: undefined }]);
  const found = await batches.find(batch.batchId);
  if (found === undefined || found.state === 'open') throw new Error('not sealed');
  sealed = found;
});

const state = async () => (await batches.find(sealed.batchId))?.state;

describe('a verdict on a batch', () => {
  it('makes it valid, and a repeat is known', async () => {
    expect(await applyVerdict(ports, signed())).toBe('applied');
    expect(await batches.find(sealed.batchId)).toMatchObject({ state: 'valid', verdict: { code: 'OK', credited: 2n } });
    expect(await applyVerdict(ports, signed())).toBe('known');
  });

  it('makes it invalid for good', async () => {
    expect(await applyVerdict(ports, signed({ valid: false, code: 'NO_VALID_SHARE', credited: 0n }))).toBe('applied');
    expect(await applyVerdict(ports, signed())).toBe('decided');
    expect(await state()).toBe('invalid');
  });

  it.each<[string, () => BatchVerdictGiven]>([
    ['auditor-unknown', () => signed({}, STRANGER)],
    ['bad-signature', () => ({ ...signed(), signature: new Uint8Array(64) })],
    ['verdict-hash-differs', () => ({ ...signed(), credited: 1n })],
    ['batch-unknown', () => signed({ batchId: 'another' })],
    ['hash-differs', () => signed({ batchHash: new Uint8Array(32) })],
    ['credit-exceeds', () => signed({ credited: 3n })],
  ])('is refused %s and changes nothing', async (outcome, verdict) => {
    expect(await applyVerdict(ports, verdict())).toBe(outcome);
    expect(await state()).toBe('sealed');
  });

  it('does not reach a batch that is open still', async () => {
    const batch = openBatch(sharesOf('three'));
    await batches.write([{ do: 'open', batch }]);
    expect(await applyVerdict(ports, signed({ batchId: batch.batchId }))).toBe('batch-unknown');
  });
});

describe('a dead letter about a batch', () => {
  const letter = (batchHash = sealed.seal.batchHash) => ({ batchId: sealed.batchId, batchHash, code: 'NODE_AWAY' });

  it('is noted, and the verdict may come later', async () => {
    expect(await noteDeadLetter(ports, letter())).toBe('noted');
    expect(await batches.find(sealed.batchId)).toMatchObject({ state: 'sealed', deadLetterCode: 'NODE_AWAY' });
    expect(await applyVerdict(ports, signed())).toBe('applied');
    expect(await noteDeadLetter(ports, letter())).toBe('judged');
  });

  it('of other content is refused', async () => {
    expect(await noteDeadLetter(ports, letter(new Uint8Array(32)))).toBe('hash-differs');
  });
});
