import { CheckTask } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { expect, it } from 'vitest';
import { unixMs } from '../kernel/clock.ts';
import { outboxEntry } from './outbox-entry.ts';

const TASK = CheckTask.fromPartial({ kind: 1, id: 'b-0001', revision: 2 });

it('an event is stored under the key of the catalogue, with its bytes and time', () => {
  const entry = outboxEntry('auditor.check-batch', TASK, unixMs(1_795_227_412_500));
  expect(entry).toEqual({
    id: 'batch:b-0001:2',
    event: 'auditor.check-batch',
    body: CheckTask.encode(TASK).finish(),
    at: new Date('2026-11-21T02:16:52.500Z'),
  });
});

it('a fact that is told again has another id, and keeps its trace', () => {
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const entry = outboxEntry('auditor.check-batch', TASK, unixMs(0), trace, 'batch:b-0001:2:r1');
  expect(entry).toMatchObject({ id: 'batch:b-0001:2:r1', trace });
});
