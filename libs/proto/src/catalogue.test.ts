import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, type Codec, deadLetterSubject, type EventName, NOTE_SUBJECTS } from './catalogue.ts';
import type { OperationCommitted } from './gen/assay/mint/v1/events.ts';
import type { BatchAccepted } from './gen/assay/pool/v1/events.ts';
import { STREAMS, type StreamName } from './streams.ts';

interface GoldenEvent {
  readonly subject: string;
  readonly stream: StreamName;
  readonly message: string;
  /** Of the message that vectors/wire has for the type. */
  readonly key: string;
}

interface WireVector {
  readonly message: string;
  readonly hex: string;
}

const VECTORS = new URL('../../../vectors/', import.meta.url);
const events = (readVectors('bus/catalogue.json') as { events: Record<string, GoldenEvent> }).events;

function readVectors(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, VECTORS), 'utf8'));
}

function goldenBytes(message: string): Buffer {
  const scope = message.split('.').slice(0, -1).join('.');
  const { vectors } = readVectors(`wire/${scope}.json`) as { vectors: WireVector[] };
  return Buffer.from(vectors.find((vector) => vector.message === message)?.hex ?? '', 'hex');
}

function keyOf(name: EventName, bytes: Buffer): string {
  const { codec, key } = CATALOGUE[name] as { codec: Codec<object>; key: (message: object) => string };
  return key(codec.decode(bytes));
}

/** Streams that take a subject, by the wildcards of NATS. */
function streamsOf(subject: string): string[] {
  return Object.entries(STREAMS).flatMap(([name, { subjects }]) =>
    subjects.some((pattern) => matches(pattern.split('.'), subject.split('.'))) ? [name] : [],
  );
}

function matches(pattern: readonly string[], subject: readonly string[]): boolean {
  const [token, ...rest] = pattern;
  if (token === undefined || subject.length === 0) return token === undefined && subject.length === 0;
  return token === '>' || ((token === '*' || token === subject[0]) && matches(rest, subject.slice(1)));
}

const names = Object.keys(CATALOGUE) as EventName[];

describe('every event', () => {
  test('is one of the golden list, which only grows', () => {
    expect(Object.keys(events).sort()).toEqual([...names].sort());
  });

  test.each(names)('%s has its subject, stream and key', (name) => {
    const { subject, stream, message, key } = events[name] ?? expect.fail(`no golden entry for ${name}`);
    expect(CATALOGUE[name]).toMatchObject({ subject, stream });
    expect(keyOf(name, goldenBytes(message))).toBe(key);
  });

  test.each(names)('%s is kept by its own stream and by no other', (name) => {
    expect(streamsOf(CATALOGUE[name].subject)).toEqual([CATALOGUE[name].stream]);
  });

  test('has a subject of its own', () => {
    expect(new Set(names.map((name) => CATALOGUE[name].subject)).size).toBe(names.length);
  });
});

describe('subjects beside the events', () => {
  test('dead letters are kept by their stream alone', () => {
    expect(streamsOf(deadLetterSubject('mint', 'mint-verdicts'))).toEqual(['DLQ']);
  });

  test('notes are kept by none', () => {
    expect(Object.values(NOTE_SUBJECTS).flatMap(streamsOf)).toEqual([]);
  });
});

describe('sizes', () => {
  test('a batch of 256 shares is at most 65,536 bytes, and its stream takes it', () => {
    const { codec, stream } = CATALOGUE['pool.batch.accepted'];
    const bytes = codec.encode(largestBatch()).finish();
    expect(bytes.length).toBeLessThanOrEqual(65_536);
    expect(bytes.length).toBeLessThan(STREAMS[stream].maxMessageBytes);
  });

  test('a swap of a thousand proofs for a thousand fits the 262,144 bytes that its stream takes', () => {
    const { codec, stream } = CATALOGUE['mint.operation.committed'];
    const bytes = codec.encode(largestSwap()).finish();
    expect(STREAMS[stream].maxMessageBytes).toBe(262_144);
    // The headers count too.
    expect(bytes.length).toBeLessThan(262_144 - 4_096);
  });
});

/** Every field as long as it may be (03-mint sections 2 and 4). */
function largestSwap(): OperationCommitted {
  const most = 2n ** 63n - 1n;
  const [keyset, point, amount] = ['f'.repeat(66), Buffer.alloc(33, 3), 2n ** 52n];
  return {
    ...CATALOGUE['mint.operation.committed'].codec.decode(goldenBytes('assay.mint.v1.OperationCommitted')),
    unit: 'U'.repeat(32),
    spent: Array.from({ length: 1_000 }, () => ({ keyset, y: point, amount })),
    issued: Array.from({ length: 1_000 }, () => ({ keyset, b: point, amount })),
    fee: most,
    committedAtMs: most,
    atMs: most,
  };
}

/** Every field as long as it may be (01-pool sections 6 and 9). */
function largestBatch(): BatchAccepted {
  const most = 2n ** 63n - 1n;
  const share = { header80: Buffer.alloc(80, 1), extranonce: Buffer.alloc(12, 1), credit: most, acceptedAtMs: most };
  return {
    ...CATALOGUE['pool.batch.accepted'].codec.decode(goldenBytes('assay.pool.v1.BatchAccepted')),
    batchId: 'f'.repeat(64),
    poolId: 'p'.repeat(32),
    keySeq: most,
    carryIn: most,
    carryOut: most,
    creditSum: most,
    windowStartMs: most,
    windowEndMs: most,
    replacesBatchId: 'f'.repeat(64),
    shares: Array.from({ length: 256 }, () => share),
  };
}
