import { type StreamName, STREAMS } from '@assay/proto/streams';
import type { JsMsg, StoredMsg } from '@nats-io/jetstream';
import { z } from 'zod';
import type { Bus } from './nats.ts';
import { PullLoop } from './pull-loop.ts';
import type { ServiceContext } from './service.ts';

/** What the server says when it will deliver a message no more. */
const ADVISORY = z.object({
  stream_seq: z.number().int().positive(),
  deliveries: z.number().int().nonnegative(),
});

const DELIVERIES_MAX = 1_000;
const MAX_DELIVERIES_PREFIX = STREAMS.ADVISORY.subjects[0].replace(/>$/, '');

export interface ExhaustedMessage {
  readonly stream: StreamName;
  readonly sequence: number;
  readonly deliveries: number;
  /** Undefined when the stream has it no more. */
  readonly stored: StoredMsg | undefined;
}

/**
 * Follows the advisories about messages of one durable consumer that were delivered as often as allowed: whoever handled them
 * crashed each time, so nobody else can tell.
 * @param tell must be idempotent; when it throws the advisory comes again.
 */
export function followExhausted(
  context: ServiceContext,
  bus: Bus,
  options: { readonly stream: StreamName; readonly durable: string; readonly prepare: () => Promise<void> },
  tell: (message: ExhaustedMessage) => Promise<void>,
): PullLoop {
  return new PullLoop(context, bus, {
    stream: 'ADVISORY',
    durable: `${options.durable}-exhausted`,
    subjects: [`${MAX_DELIVERIES_PREFIX}${options.stream}.${options.durable}`],
    concurrency: 4,
    maxDeliver: DELIVERIES_MAX,
    paused: () => false,
    prepare: options.prepare,
    handle: (advisory) => handleAdvisory(context, bus, options.stream, advisory, tell),
  });
}

async function handleAdvisory(
  context: ServiceContext,
  bus: Bus,
  stream: StreamName,
  advisory: JsMsg,
  tell: (message: ExhaustedMessage) => Promise<void>,
): Promise<void> {
  try {
    const { stream_seq: sequence, deliveries } = ADVISORY.parse(advisory.json());
    const stored = (await bus.jsm.streams.getMessage(stream, { seq: sequence })) ?? undefined;
    await tell({ stream, sequence, deliveries, stored });
    await advisory.ackAck();
  } catch (error) {
    context.log.warn({ err: error, stream, advisory: advisory.seq }, 'an advisory comes again');
  }
}
