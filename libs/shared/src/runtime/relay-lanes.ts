import { CATALOGUE, type EventName } from '@assay/proto/catalogue';
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

interface Rest {
  readonly failures: number;
  /** On the monotonic clock. */
  readonly until: number;
}

/** Subject of an entry; throws when this build does not know its event. */
export function subjectOf(entry: StoredEntry): string {
  if ('subject' in entry) return entry.subject;
  if (!Object.hasOwn(CATALOGUE, entry.event)) throw new Error(`no such event in the catalogue: ${entry.event}`);
  return CATALOGUE[entry.event].subject;
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
    return !this.rests(this.resting.get(entry.id)) && (probing || !this.closed.has(laneOf(entry)));
  }

  succeeded(entry: StoredEntry): void {
    this.resting.delete(entry.id);
    this.closed.delete(laneOf(entry));
  }

  failed(entry: StoredEntry, error: unknown): void {
    if (this.resting.size >= RESTING_IDS_MAX) this.forgetRested();
    this.resting.set(entry.id, this.after(this.resting.get(entry.id), ENTRY_REST_MS_MAX));
    // Many in flight fail together: that is one failure of the lane.
    const lane = laneOf(entry);
    if (concernsTheStream(error) && !this.rests(this.closed.get(lane)))
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

  /** Which elements of `outbox` are worth reading: all but those of closed lanes. */
  openElements(): object {
    const lanes = [...this.closed.keys()];
    const raw = lanes.includes(RAW_LANE) ? { $exists: true } : {};
    return { event: { $nin: lanes.flatMap(eventsOf), ...raw } };
  }

  /** Which elements of `outbox` may probe a closed lane. */
  probeElements(lane: string): object {
    const ids = [...this.resting].filter(([, rest]) => this.rests(rest)).map(([id]) => id);
    const event = lane === RAW_LANE ? { $exists: false } : { $in: eventsOf(lane) };
    return { event, id: { $nin: ids } };
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

function laneOf(entry: StoredEntry): string {
  if ('subject' in entry) return RAW_LANE;
  return Object.hasOwn(CATALOGUE, entry.event) ? CATALOGUE[entry.event].stream : 'unknown';
}

function eventsOf(lane: string): string[] {
  const names = Object.keys(CATALOGUE) as EventName[];
  return names.filter((name) => CATALOGUE[name].stream === lane);
}

/** A malformed or too large entry is its own fault; everything that the way to the stream says closes the lane. */
function concernsTheStream(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code !== MESSAGE_EXCEEDS_MAXIMUM;
  return error instanceof JetStreamError || error instanceof RequestError || isAway(error);
}
