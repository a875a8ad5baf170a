const DAY_MS = 86_400_000;
const MIB = 1_048_576;

export interface StreamDefinition {
  /** The only service that may change a differing definition. */
  readonly owner: 'pool' | 'mint' | 'auditor';
  readonly subjects: readonly string[];
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** What a full stream does: lose the oldest, or refuse the newest (its event then waits in the outbox). */
  readonly discard: 'old' | 'new';
  readonly dedupeMs: number;
  readonly maxMessageBytes: number;
  readonly denyDelete: boolean;
  readonly denyPurge: boolean;
}

const base = { dedupeMs: 120_000, denyDelete: false, denyPurge: false, maxMessageBytes: MIB } as const;

/** Every JetStream stream; all have limits retention and file storage. */
export const STREAMS = {
  POOL: {
    ...base,
    owner: 'pool',
    subjects: ['assay.v1.evt.pool.>'],
    maxAgeMs: 14 * DAY_MS,
    maxBytes: 8_192 * MIB,
    discard: 'old',
    maxMessageBytes: 131_072,
  },
  AUDITOR_TASKS: {
    ...base,
    owner: 'auditor',
    subjects: ['assay.v1.cmd.auditor.>'],
    maxAgeMs: 14 * DAY_MS,
    maxBytes: 2_048 * MIB,
    discard: 'new',
    dedupeMs: 600_000,
    denyDelete: true,
    denyPurge: true,
  },
  AUDITOR: {
    ...base,
    owner: 'auditor',
    subjects: ['assay.v1.evt.auditor.>'],
    maxAgeMs: 30 * DAY_MS,
    maxBytes: 4_096 * MIB,
    discard: 'new',
  },
  MINT: {
    ...base,
    owner: 'mint',
    subjects: ['assay.v1.evt.mint.>'],
    maxAgeMs: 30 * DAY_MS,
    maxBytes: 8_192 * MIB,
    discard: 'new',
    maxMessageBytes: 262_144,
  },
  DLQ: {
    ...base,
    owner: 'auditor',
    subjects: ['assay.v1.dlq.>'],
    maxAgeMs: 90 * DAY_MS,
    maxBytes: 1_024 * MIB,
    discard: 'new',
  },
  ADVISORY: {
    ...base,
    owner: 'auditor',
    subjects: ['$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>', '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>'],
    maxAgeMs: 30 * DAY_MS,
    maxBytes: 256 * MIB,
    discard: 'old',
  },
} as const satisfies Record<string, StreamDefinition>;

export type StreamName = keyof typeof STREAMS;
