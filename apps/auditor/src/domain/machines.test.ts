import { describe, expect, it } from 'vitest';
import { describeMachine } from '@assay/shared/kernel/machine';
import { BATCH, type BatchEvent, type BatchState } from './batch-machine.ts';
import { TEMPLATE, type TemplateEvent, type TemplateState } from './template-machine.ts';

const BATCH_EVENTS = ['accept', 'refuse', 'hold', 'exhaust', 'replay', 'drop'] as const;
const TEMPLATE_EVENTS = ['take', 'accept', 'refuse', 'hold', 'exhaust', 'lease-expired', 'recheck'] as const;

const steps = (lines: string[]) => lines.filter((line) => !line.endsWith('refused'));

describe('the states of a batch', () => {
  const lines = describeMachine<BatchState, BatchEvent>(BATCH, BATCH_EVENTS);

  it('allow exactly these steps of 24', () => {
    expect(lines).toHaveLength(24);
    expect(steps(lines)).toEqual([
      'QUEUED --accept--> VALID',
      'QUEUED --refuse--> INVALID',
      'QUEUED --hold--> QUEUED',
      'QUEUED --exhaust--> DEAD',
      'DEAD --replay--> QUEUED',
      'DEAD --drop--> INVALID',
    ]);
  });
});

describe('the states of a template', () => {
  const lines = describeMachine<TemplateState, TemplateEvent>(TEMPLATE, TEMPLATE_EVENTS);

  it('allow exactly these steps of 42', () => {
    expect(lines).toHaveLength(42);
    expect(steps(lines)).toEqual([
      'DECLARED --take--> CHECKING',
      'CHECKING --accept--> VALID',
      'CHECKING --refuse--> INVALID',
      'CHECKING --hold--> HELD',
      'CHECKING --exhaust--> DEAD',
      'CHECKING --lease-expired--> DECLARED',
      'HELD --take--> CHECKING',
      'HELD --recheck--> DECLARED',
      'DEAD --recheck--> DECLARED',
    ]);
  });
});
