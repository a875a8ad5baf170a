import { CATALOGUE } from '@assay/proto/catalogue';
import {
  type DeadLetter as WireLetter,
  DeadLetterClass as WireClass,
  DeadLetterState as WireState,
} from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { toHex } from '@assay/shared/kernel/bytes';
import type {
  DeadLetter,
  DeadLetterClassName,
  DeadLetterStateName,
  ListedLetter,
} from '@assay/shared/runtime/dead-letters';
import { traceIdOf } from '@assay/shared/runtime/telemetry';

const CLASSES = {
  POISON: WireClass.DEAD_LETTER_CLASS_POISON,
  DEPENDENCY: WireClass.DEAD_LETTER_CLASS_DEPENDENCY,
  DISAGREE: WireClass.DEAD_LETTER_CLASS_DISAGREE,
  LATE: WireClass.DEAD_LETTER_CLASS_LATE,
  SEQUENCE: WireClass.DEAD_LETTER_CLASS_SEQUENCE,
  ERROR: WireClass.DEAD_LETTER_CLASS_ERROR,
} as const satisfies Record<DeadLetterClassName, WireClass>;

const STATES = {
  OPEN: WireState.DEAD_LETTER_STATE_OPEN,
  REPLAYED: WireState.DEAD_LETTER_STATE_REPLAYED,
  DROPPED: WireState.DEAD_LETTER_STATE_DROPPED,
} as const satisfies Record<DeadLetterStateName, WireState>;

const CLASS_NAMES = new Map(Object.entries(CLASSES).map(([name, wire]) => [wire as WireClass, name]));
const STATE_NAMES = new Map(Object.entries(STATES).map(([name, wire]) => [wire as WireState, name]));

/** Undefined for UNSPECIFIED: any class. */
export function parseClass(wire: WireClass): DeadLetterClassName | undefined {
  return CLASS_NAMES.get(wire) as DeadLetterClassName | undefined;
}

/** Undefined for UNSPECIFIED: any state. */
export function parseLetterState(wire: WireState): DeadLetterStateName | undefined {
  return STATE_NAMES.get(wire) as DeadLetterStateName | undefined;
}

/** Without the raw message: for lists and for answers of commands. */
export function renderLetter(letter: ListedLetter): WireLetter {
  return {
    deadLetterId: letter._id,
    durable: letter.durable,
    class: CLASSES[letter.class],
    code: letter.code,
    state: STATES[letter.state],
    deliveries: letter.deliveries,
    firstSeenMs: BigInt(letter.firstSeenAt.getTime()),
    lastSeenMs: BigInt(letter.lastSeenAt.getTime()),
    error: letter.error,
    nodeAnswers: letter.nodeAnswers,
    traceId: traceIdOf(letter.trace),
    subject: letter.subject,
    raw: Buffer.alloc(0),
    rendered: '',
    reason: letter.reason,
  };
}

/** With the raw message, also for a person. */
export function renderWholeLetter(letter: DeadLetter): WireLetter {
  return { ...renderLetter(letter), raw: Buffer.from(letter.raw), rendered: renderedMessage(letter) };
}

function renderedMessage({ subject, raw }: DeadLetter): string {
  const entry = Object.values(CATALOGUE).find((each) => each.subject === subject);
  try {
    return JSON.stringify(entry?.codec.decode(raw), readable, 1) ?? '';
  } catch {
    // Poison may be undecodable; its bytes are in `raw`.
    return '';
  }
}

function readable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return toHex(value);
  // What Buffer.toJSON made of bytes before this function saw them.
  if (isBufferJson(value)) return toHex(Uint8Array.from(value.data));
  return value;
}

function isBufferJson(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
}
