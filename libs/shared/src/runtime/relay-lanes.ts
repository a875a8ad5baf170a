import { CATALOGUE, type EventName } from '@assay/proto/catalogue';
import { type StreamName, STREAMS } from '@assay/proto/streams';
import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import { RequestError } from '@nats-io/nats-core';
import { isAway } from './away.ts';
import type { OutboxEntry, RawOutboxEntry } from './outbox-entry.ts';

export type StoredEntry = OutboxEntry | RawOutboxEntry;

const REST_MS = 1_000;
const ENTRY_REST_MS_MAX = 30_000;
const LANE_REST_MS_MAX = 5_000;
const RESTING_IDS_MAX = 1_000;
const MESSAGE_EXCEEDS_MAXIMUM = 10_054;
/** Everything that is no event of the catalogue: copies of dead letters. */
const RAW_LANE = 'raw';
const STREAM_NAMES = Object.keys(STREAMS) as StreamName[];
const LANES: readonly string[] = [RAW_LANE, ...STREAM_NAMES];

interface Rest {
  readonly failures: number;
  /** On the monotonic clock. */
  readonly until: number;
}

/** Subject of an entry that was admitted. */
export function subjectOf(entry: StoredEntry): string {
  return 'subject' in entry ? entry.subject : CATALOGUE[entry.event].subject;
}

/** The stream that a lane leads to. */
export function streamOf(lane: string): StreamName {
  return STREAM_NAMES.find((name) => name === lane) ?? 'DLQ';
}

/**
 * What the relay leaves alone for a while. A lane is all that goes to one stream: when the stream refuses (it is full, it has
 * no leader), its entries wait, one probes from time to time, and the other lanes go on. A single entry that failed rests
 * too, so that the next probe is another one: no entry can stand in the way of others for ever.
 */
export class RelayLanes {
  private readonly closed = new Map<string, Rest>();
  private readonly resting = new Map<string, Rest>();
  private readonly monotonic: () => number;

  constructor(monotonic: () => number = () => performance.now()) {
    this.monotonic = monotonic;
  }

  /** Whether the entry may be sent now; a probe may be sent although its lane is closed. */
  admits(entry: StoredEntry, probing: boolean): boolean {
    const lane = laneOf(entry);
    if (lane === undefined || this.rests(this.resting.get(entry.id))) return false;
    return probing || !this.closed.has(lane);
  }

  succeeded(entry: StoredEntry): void {
    this.resting.delete(entry.id);
    const lane = laneOf(entry);
    if (lane !== undefined) this.closed.delete(lane);
  }

  failed(entry: StoredEntry, error: unknown): void {
    if (this.resting.size >= RESTING_IDS_MAX) this.forgetRested();
    this.resting.set(entry.id, this.after(this.resting.get(entry.id), ENTRY_REST_MS_MAX));
    // Many in flight fail together: that is one failure of the lane.
    const lane = laneOf(entry);
    if (lane !== undefined && concernsTheStream(error) && !this.rests(this.closed.get(lane)))
      this.closed.set(lane, this.after(this.closed.get(lane), LANE_REST_MS_MAX));
  }

  /** Closed lanes whose time for a probe has come. */
  dueForProbe(): string[] {
    return [...this.closed].filter(([, rest]) => !this.rests(rest)).map(([lane]) => lane);
  }

  /** Changes whenever `openElements` does. */
  closedLanes(): string {
    return [...this.closed.keys()].sort().join();
  }

  /** Which elements of `outbox` are worth reading: all that this build knows, but those of closed lanes. */
  openElements(): object {
    return { event: { $in: LANES.filter((lane) => !this.closed.has(lane)).flatMap(eventsOf) } };
  }

  /** Which elements of `outbox` may probe a closed lane. */
  probeElements(lane: string): object {
    const ids = [...this.resting].filter(([, rest]) => this.rests(rest)).map(([id]) => id);
    return { event: { $in: eventsOf(lane) }, id: { $nin: ids } };
  }

  private rests(rest: Rest | undefined): boolean {
    return rest !== undefined && this.monotonic() < rest.until;
  }

  private after(rest: Rest | undefined, mostMs: number): Rest {
    const failures = (rest?.failures ?? 0) + 1;
    return { failures, until: this.monotonic() + Math.min(mostMs, REST_MS * 2 ** (failures - 1)) };
  }

  private forgetRested(): void {
    for (const [id, rest] of this.resting) if (!this.rests(rest)) this.resting.delete(id);
  }
}

/** Undefined for an event of another build: after a roll-back it waits in the outbox until that build runs again. */
function laneOf(entry: StoredEntry): string | undefined {
  if ('subject' in entry) return RAW_LANE;
  return Object.hasOwn(CATALOGUE, entry.event) ? CATALOGUE[entry.event].stream : undefined;
}

/** Names of events, or `null` for elements without one. */
function eventsOf(lane: string): (EventName | null)[] {
  if (lane === RAW_LANE) return [null];
  const names = Object.keys(CATALOGUE) as EventName[];
  return names.filter((name) => CATALOGUE[name].stream === lane);
}

/** A malformed or too large entry is its own fault; everything that the way to the stream says closes the lane. */
function concernsTheStream(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code !== MESSAGE_EXCEEDS_MAXIMUM;
  return error instanceof JetStreamError || error instanceof RequestError || isAway(error);
}
