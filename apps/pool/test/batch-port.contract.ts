import { beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { ehash } from '@assay/shared/kernel/money';
import {
  batchIdOf,
  FIRST_HEAD,
  type OpenBatch,
  type SealedBatch,
  sealOf,
  type SignedSeal,
} from '../src/domain/batch.ts';
import type { StoredShare } from '../src/domain/share.ts';
import { knownTemplate, LOCKING_KEY, madeUpShare, OTHER_KEY, POOL_ID } from './known-work.ts';
import type { BatchFlowsPort } from './memory-batches.ts';

const TEMPLATE_ID = knownTemplate().id;

export function sharesOf(...seeds: readonly string[]): StoredShare[] {
  return seeds.map((seed) => madeUpShare({ seed })).map(({ record, hash }) => ({ record, hash }));
}

export function openBatch(shares: readonly StoredShare[], changed: Partial<OpenBatch> = {}): OpenBatch {
  const fields = { poolId: POOL_ID, lockingKey: LOCKING_KEY, templateId: TEMPLATE_ID, k: -8, ...changed };
  return {
    ...fields,
    state: 'open',
    batchId: batchIdOf(fields, shares[0]?.hash ?? new Uint8Array(32)),
    owner: 'a',
    openedAt: unixMs(1_795_227_100_000),
    sealDueAt: unixMs(1_795_227_110_000),
    shares,
    version: 1,
    ...changed,
  };
}

export function sealFor(batch: OpenBatch, head = FIRST_HEAD): SignedSeal {
  return { ...sealOf(batch, head, 24), signature: new Uint8Array(64), sealedAt: unixMs(1_795_227_111_000) };
}

/** Bytes as hex, whatever kind of array they are. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** What every store of batches promises to the flows. */
export function describeBatchPort(name: string, create: () => Promise<BatchFlowsPort>): void {
  describe(`batches in ${name}`, () => {
    let port: BatchFlowsPort;
    beforeEach(async () => {
      port = await create();
    });
    const seal = (batch: OpenBatch, head = FIRST_HEAD) =>
      port.write([{ do: 'seal', batch, seal: sealFor(batch, head), trace: undefined }]);
    const sealed = async (batch: OpenBatch, head = FIRST_HEAD): Promise<SealedBatch> => {
      expect(await port.write([{ do: 'open', batch }])).toEqual(['stored']);
      expect(await seal(batch, head)).toEqual(['stored']);
      const found = await port.find(batch.batchId);
      if (found === undefined || found.state === 'open') throw new Error('not sealed');
      return found;
    };

    it('an opened batch is found as it was written, and pushes add to it in order', async () => {
      const batch = openBatch(sharesOf('one', 'two'));
      expect(await port.write([{ do: 'open', batch }])).toEqual(['stored']);
      expect(plain(await port.find(batch.batchId))).toEqual(plain(batch));
      const shares = sharesOf('three', 'four');
      expect(await port.write([{ do: 'push', batch, shares }])).toEqual(['stored']);
      expect(plain(await port.find(batch.batchId))).toEqual(
        plain({ ...batch, shares: [...batch.shares, ...shares], version: 2 }),
      );
    });

    it('each write of a group has its own outcome', async () => {
      const first = openBatch(sharesOf('one'));
      await port.write([{ do: 'open', batch: first }]);
      const outcomes = await port.write([
        { do: 'open', batch: openBatch(sharesOf('two')) },
        { do: 'open', batch: first },
        { do: 'open', batch: openBatch(sharesOf('three', 'one')) },
        { do: 'push', batch: first, shares: sharesOf('four') },
      ]);
      expect(outcomes).toEqual(['stored', 'id-taken', 'duplicate', 'stored']);
    });

    it('a push to a batch that changed meanwhile is lost, and stores nothing', async () => {
      const batch = openBatch(sharesOf('one'));
      await port.write([{ do: 'open', batch }]);
      await port.write([{ do: 'push', batch, shares: sharesOf('two') }]);
      expect(await port.write([{ do: 'push', batch, shares: sharesOf('three') }])).toEqual(['lost']);
      expect((await port.find(batch.batchId))?.shares.length).toBe(2);
    });

    it('a hash is in one batch only, whichever key or push brings it', async () => {
      const batch = openBatch(sharesOf('one'));
      const other = openBatch(sharesOf('two'), { lockingKey: OTHER_KEY });
      await port.write([
        { do: 'open', batch },
        { do: 'open', batch: other },
      ]);
      expect(await port.write([{ do: 'push', batch: other, shares: sharesOf('three', 'one') }])).toEqual(['duplicate']);
      const stored = await port.storedHashes(sharesOf('one', 'two', 'three').map(({ hash }) => hash));
      expect([...stored].sort()).toEqual(
        sharesOf('one', 'two')
          .map(({ hash }) => toHex(hash))
          .sort(),
      );
    });

    it('sealing gives the head of the key, once per key_seq', async () => {
      const batch = openBatch(sharesOf('one'));
      const first = sealFor(batch);
      expect(plain((await sealed(batch)).seal)).toEqual(plain(first));
      expect(await port.head(LOCKING_KEY)).toEqual({ keySeq: 1n, carry: first.carryOut });
      expect(await port.head(OTHER_KEY)).toEqual(FIRST_HEAD);
      const next = openBatch(sharesOf('two'));
      await port.write([{ do: 'open', batch: next }]);
      expect(await seal(next)).toEqual(['key-seq-taken']);
      expect(await seal(next, { keySeq: 1n, carry: first.carryOut })).toEqual(['stored']);
      expect((await port.head(LOCKING_KEY)).keySeq).toBe(2n);
      expect(await seal(next)).toEqual(['lost']);
    });

    it('a batch of window 0 is inserted sealed, or refused by key_seq or hash', async () => {
      const batch = openBatch(sharesOf('one'));
      const write = (of: OpenBatch, head = FIRST_HEAD) =>
        port.write([{ do: 'seal-at-once', batch: of, seal: sealFor(of, head), trace: undefined }]);
      expect(await write(batch)).toEqual(['stored']);
      expect(plain(await port.find(batch.batchId))).toEqual(plain({ ...batch, state: 'sealed', seal: sealFor(batch) }));
      const next = openBatch(sharesOf('two'));
      expect(await write(next)).toEqual(['key-seq-taken']);
      expect(await write(next, { keySeq: 1n, carry: 0n })).toEqual(['stored']);
      expect(await write(next, { keySeq: 2n, carry: 0n })).toEqual(['id-taken']);
    });

    it('who adopts a batch owns it alone', async () => {
      const batch = openBatch(sharesOf('one'));
      await port.write([{ do: 'open', batch }]);
      expect(await port.findOpenDue(unixMs(batch.sealDueAt - 1), 10)).toEqual([]);
      expect(plain(await port.findOpenDue(batch.sealDueAt, 10))).toEqual(plain([batch]));
      const adopted = await port.adopt(batch, 'b');
      expect(plain(adopted)).toEqual(plain({ ...batch, owner: 'b', version: 2 }));
      expect(await port.adopt(batch, 'c')).toBeUndefined();
      expect(await port.write([{ do: 'push', batch, shares: sharesOf('two') }])).toEqual(['lost']);
      expect(await port.hasOpen(TEMPLATE_ID)).toBe(true);
    });

    it('a verdict is applied to the version that was judged', async () => {
      const batch = await sealed(openBatch(sharesOf('one')));
      const verdict = {
        ...{ valid: true, code: 'OK', credited: ehash(1n), verdictHash: new Uint8Array(32) },
        decidedAt: unixMs(1_795_227_113_000),
      };
      expect(await port.noteDeadLetter(batch, 'NODE_AWAY')).toBe(true);
      expect(await port.applyVerdict(batch, verdict)).toBe(false);
      const noted = await port.find(batch.batchId);
      if (noted === undefined || noted.state === 'open') throw new Error('not sealed');
      expect(noted.deadLetterCode).toBe('NODE_AWAY');
      expect(await port.applyVerdict(noted, verdict)).toBe(true);
      const judged = await port.find(batch.batchId);
      expect(plain(judged)).toMatchObject({ state: 'valid', verdict: plain(verdict), version: 4 });
      expect(await port.hasOpen(TEMPLATE_ID)).toBe(false);
    });
  });
}
