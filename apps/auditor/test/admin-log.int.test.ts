import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '@assay/testkit/until';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';

let auditor: RunningAuditor;
beforeAll(async () => {
  auditor = await startAuditor();
}, 120_000);
afterAll(() => auditor.stop());

it('an admin log that somebody changed is told by the next auditor that starts', async () => {
  const told = () => readFileSync(auditor.logFile, 'utf8').includes('the admin log was changed');
  await auditor.admin.pauseQueue({ requestId: 'pause-1', reason: 'a look at the nodes', untilMs: 1n });
  await auditor.database.db.collection('adminLog').updateMany({}, { $set: { actor: 'somebody else' } });
  expect(told()).toBe(false);
  await auditor.auditors[0]?.restart();
  await until('the admin log is told', () => told() || undefined);
});
