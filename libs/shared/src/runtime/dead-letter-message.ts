import { CATALOGUE } from '@assay/proto/catalogue';
import {
  type DeadLetter as WireLetter,
  DeadLetterClass,
  DeadLetterState,
} from '@assay/proto/gen/assay/platform/v1/dead_letters';
import type { DeadLetter, DeadLetterClassName, DeadLetterStateName, ListedLetter } from './dead-letters.ts';
import { nameOf } from './enum-name.ts';
import { traceIdOf } from './telemetry.ts';

/** Undefined for UNSPECIFIED: any class. */
export function parseClass(wire: DeadLetterClass): DeadLetterClassName | undefined {
  return nameOf(DeadLetterClass, 'DEAD_LETTER_CLASS_', wire);
}

/** Undefined for UNSPECIFIED: any state. */
export function parseLetterState(wire: DeadLetterState): DeadLetterStateName | undefined {
  return nameOf(DeadLetterState, 'DEAD_LETTER_STATE_', wire);
}

/** Without the raw message: for lists and for answers of commands. */
export function renderLetter(letter: ListedLetter): WireLetter {
  return {
    deadLetterId: letter._id,
    durable: letter.durable,
    class: DeadLetterClass[`DEAD_LETTER_CLASS_${letter.class}`],
    code: letter.code,
    state: DeadLetterState[`DEAD_LETTER_STATE_${letter.state}`],
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

/** JSON with bytes in hex; empty when it is no message of its subject. */
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
  // What Buffer.toJSON made of bytes before this function saw them.
  return isBufferJson(value) ? Buffer.from(value.data).toString('hex') : value;
}

function isBufferJson(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
}
