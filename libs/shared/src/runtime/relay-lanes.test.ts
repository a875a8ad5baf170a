import { CATALOGUE, deadLetterSubject } from '@assay/proto/catalogue';
import { JetStreamApiError } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import type { OutboxEntry } from './outbox-entry.ts';
import { RelayLanes, streamOf, subjectOf } from './relay-lanes.ts';

const FULL = new JetStreamApiError({ code: 503, err_code: 10_077, description: 'maximum bytes exceeded' });
const TOO_LARGE = new JetStreamApiError({
  code: 400,
  err_code: 10_054,
  description: 'message size exceeds maximum allowed',
});

const entry = (id: string, event: OutboxEntry['event'] = 'mint.quote.paid'): OutboxEntry => ({
  ...{ id, event, body: new Uint8Array(), at: new Date(0) },
});
const copy = { id: 'd', subject: deadLetterSubject('mint', 'x'), headers: {}, body: new Uint8Array(), at: new Date(0) };

function lanesAt(start: number) {
  const time = { now: start };
  return { time, lanes: new RelayLanes(() => time.now) };
}

describe('the lanes of the relay', () => {
  it('a full stream closes its own lane and no other', () => {
    const { lanes } = lanesAt(0);
    lanes.failed(entry('a'), FULL);
    expect(lanes.admits(entry('b'), false)).toBe(false);
    expect(lanes.admits(entry('c', 'pool.batch.accepted'), false)).toBe(true);
    expect(lanes.admits(copy, false)).toBe(true);
    expect(lanes.closedLanes()).toBe('MINT');
  });

  it('a closed lane is probed after a second by another entry than the one that failed, and opened by its success', () => {
    const { lanes, time } = lanesAt(0);
    lanes.failed(entry('a'), FULL);
    expect(lanes.dueForProbe()).toEqual([]);
    time.now = 999;
    lanes.failed(entry('a'), FULL);
    time.now = 1_000;
    expect(lanes.dueForProbe()).toEqual(['MINT']);
    expect(lanes.probeElements('MINT')).toMatchObject({ id: { $nin: ['a'] } });
    expect(lanes.admits(entry('b'), true)).toBe(true);
    lanes.succeeded(entry('b'));
    expect(lanes.admits(entry('c'), false)).toBe(true);
  });

  it('the pauses of a lane grow to five seconds', () => {
    const { lanes, time } = lanesAt(0);
    const pauses: number[] = [];
    for (let failure = 0; failure < 5; failure += 1) {
      lanes.failed(entry(`e${failure}`), FULL);
      const since = time.now;
      while (lanes.dueForProbe().length === 0) time.now += 500;
      pauses.push(time.now - since);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it.each([
    ['is too large for its stream', TOO_LARGE],
    ['is malformed', new TypeError('no time')],
  ])('an entry that %s rests alone', (_, error) => {
    const { lanes, time } = lanesAt(0);
    lanes.failed(entry('a'), error);
    expect(lanes.admits(entry('a'), false)).toBe(false);
    expect(lanes.admits(entry('b'), false)).toBe(true);
    time.now = 1_000;
    expect(lanes.admits(entry('a'), false)).toBe(true);
  });

  it('the copies of dead letters are a lane too', () => {
    const { lanes, time } = lanesAt(0);
    lanes.failed(copy, FULL);
    time.now = 1_000;
    expect(lanes.openElements()).toEqual({ event: { $in: expect.not.arrayContaining([null]) } });
    expect(lanes.dueForProbe().map((lane) => lanes.probeElements(lane))).toEqual([
      { event: { $in: [null] }, id: { $nin: [] } },
    ]);
    lanes.succeeded(copy);
    expect(lanes.openElements()).toEqual({ event: { $in: expect.arrayContaining([null, ...Object.keys(CATALOGUE)]) } });
  });

  it('an event of another build is neither read nor sent', () => {
    const { lanes } = lanesAt(0);
    const foreign = { ...entry('a'), event: 'toString' as OutboxEntry['event'] };
    expect(lanes.admits(foreign, false) || lanes.admits(foreign, true)).toBe(false);
  });

  it('knows subject and stream by the catalogue alone', () => {
    expect(subjectOf(entry('a', 'pool.batch.accepted'))).toBe(CATALOGUE['pool.batch.accepted'].subject);
    expect(['MINT', 'raw'].map(streamOf)).toEqual(['MINT', 'DLQ']);
  });
});
