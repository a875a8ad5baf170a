import { describe, expect, it } from 'vitest';
import { HOLD_CODES, HOLDS, type HoldCode } from './audit-codes.ts';
import { planHold, stillWaits } from './hold-plan.ts';

const plan = (code: HoldCode, change: Partial<Parameters<typeof planHold>[0]> = {}) =>
  planHold({ code, attempt: 0, waitedMs: 0, circuitOpen: false, jitter: 100, ...change });

describe('how long something waits that cannot be judged', () => {
  it.each([5_000, 15_000, 60_000, 300_000, 300_000])('after attempt %# it is tried again in %i ms', (delayMs) => {
    const attempts = [5_000, 15_000, 60_000, 300_000, 300_000];
    const attempt = attempts.indexOf(delayMs);
    expect(plan('HOLD_NODES_DISAGREE', { attempt })).toEqual({ do: 'wait', attempt: attempt + 1, delayMs });
    const last = plan('HOLD_NODES_DISAGREE', { attempt: 4 });
    expect(last).toEqual({ do: 'wait', attempt: 5, delayMs: 300_000 });
  });

  it('is spread by ten per cent either way', () => {
    expect(plan('HOLD_NODE_BEHIND', { jitter: 0 })).toMatchObject({ delayMs: 4_500 });
    expect(plan('HOLD_NODE_BEHIND', { jitter: 200 })).toMatchObject({ delayMs: 5_500 });
  });

  it('ends with the sixth attempt', () => {
    expect(plan('HOLD_BODY_UNAVAILABLE', { attempt: 5 })).toEqual({ do: 'give-up', attempt: 6 });
  });

  it.each(['HOLD_PREVIOUS_BATCH', 'HOLD_TEMPLATE_UNKNOWN'] as const)(
    'costs no attempt in the first minute: %s',
    (code) => {
      expect(plan(code, { attempt: 5, waitedMs: 59_999 })).toEqual({ do: 'wait', attempt: 5, delayMs: 5_000 });
      expect(plan(code, { attempt: 5, waitedMs: 60_000 })).toEqual({ do: 'give-up', attempt: 6 });
    },
  );

  it('never costs an attempt while the template is pending', () => {
    expect(plan('HOLD_TEMPLATE_PENDING', { attempt: 5, waitedMs: 10 ** 9 })).toMatchObject({ do: 'wait', attempt: 5 });
  });

  it.each(HOLD_CODES.filter((code) => HOLDS[code].waitsFor === 'nodes'))(
    'costs no attempt while too few nodes are healthy: %s',
    (code) => {
      expect(plan(code, { attempt: 5, circuitOpen: true })).toEqual({ do: 'wait', attempt: 5, delayMs: 60_000 });
    },
  );

  it('goes on counting what has nothing to do with nodes', () => {
    const waitedMs = 60_000;
    expect(plan('HOLD_PREVIOUS_BATCH', { circuitOpen: true, waitedMs })).toMatchObject({ attempt: 1 });
    expect(plan('HOLD_BODY_UNAVAILABLE', { circuitOpen: true })).toMatchObject({ attempt: 1 });
  });
});

describe('the class of a dead letter', () => {
  it('follows from the code that held the work last', () => {
    expect(HOLD_CODES.map((code) => `${code} ${HOLDS[code].class}`)).toEqual([
      'HOLD_PREVIOUS_BATCH SEQUENCE',
      'HOLD_TEMPLATE_UNKNOWN DEPENDENCY',
      'HOLD_TEMPLATE_PENDING DEPENDENCY',
      'HOLD_TEMPLATE_DEAD DEPENDENCY',
      'HOLD_NODE_BEHIND DEPENDENCY',
      'HOLD_NODE_UNAVAILABLE DEPENDENCY',
      'HOLD_NODES_DISAGREE DISAGREE',
      'HOLD_LATE LATE',
      'HOLD_BODY_UNAVAILABLE DEPENDENCY',
    ]);
  });
});

describe('a task', () => {
  it("that comes before its time by the worker's clock alone is carried out", () => {
    const now = 1_795_227_000_000;
    expect(stillWaits(undefined, now)).toBe(false);
    expect(stillWaits(now + 2_000, now)).toBe(false);
    expect(stillWaits(now + 2_001, now)).toBe(true);
  });
});
