import { expect, it } from 'vitest';
import { describeMachine } from '@assay/shared/kernel/machine';
import { BATCH, BATCH_EVENTS } from './batch.ts';
import { BLOCK, BLOCK_EVENTS } from './block.ts';
import { SHARE_REFUSALS } from './share.ts';
import { TEMPLATE, TEMPLATE_EVENTS } from './template.ts';

it('every state answers every event as the golden file says', async () => {
  const lines = [
    ...describeMachine(BATCH, BATCH_EVENTS).map((line) => `batch ${line}`),
    ...describeMachine(TEMPLATE, TEMPLATE_EVENTS).map((line) => `template ${line}`),
    ...describeMachine(BLOCK, BLOCK_EVENTS).map((line) => `block ${line}`),
    ...Object.entries(SHARE_REFUSALS).map(([reason, code]) => `share ${reason} --answers--> ${code}`),
  ];
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('./state-tables.golden.txt');
});
