import { setTimeout as wait } from 'node:timers/promises';
import type { EventName, MessageOf } from '@assay/proto/catalogue';
import type { StreamName } from '@assay/proto/streams';
import { type Bus, publishEvent } from '@assay/shared/runtime/nats';

const IN_FLIGHT = 256;
const POLL_MS = 20;
const STALLED_MS = 30_000;

/** Publishes as fast as the server takes it. */
export async function publishAll<N extends EventName>(
  bus: Bus,
  event: N,
  messages: readonly MessageOf<N>[],
): Promise<void> {
  for (let at = 0; at < messages.length; at += IN_FLIGHT) {
    await Promise.all(messages.slice(at, at + IN_FLIGHT).map((message) => publishEvent(bus, event, message, {})));
  }
}

/** Resolves when a stream holds so many messages; rejects when none came for half a minute. */
export async function untilStreamHolds(bus: Bus, stream: StreamName, messages: number): Promise<void> {
  let last = { held: -1, at: performance.now() };
  for (;;) {
    const { state } = await bus.jsm.streams.info(stream);
    if (state.messages >= messages) return;
    if (state.messages !== last.held) last = { held: state.messages, at: performance.now() };
    if (performance.now() - last.at > STALLED_MS) {
      throw new Error(`stream ${stream} stands at ${state.messages} of ${messages} messages`);
    }
    await wait(POLL_MS);
  }
}
