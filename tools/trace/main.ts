import { Command } from 'commander';
import { messageOf } from '@assay/shared/kernel/fault-text';
import { runningStack } from '../stack/state.ts';
import { fetchTrace, traceIdFor } from './fetch-trace.ts';
import { drawTrace } from './span-tree.ts';

const command = new Command('npm run trace --')
  .description('Draws one trace of a running local stack as a tree.')
  .argument('<id>', 'trace id, quote id, or batch id')
  .option('--data <dir>', 'data directory of the stack (default: that of the one that runs)')
  .parse();
const options = command.opts<{ data?: string }>();

try {
  const stack = runningStack(options.data);
  if (stack === undefined) throw new Error('no stack runs; start one with npm start');
  if (stack.traces === undefined) throw new Error('this stack keeps no spans');
  const traceId = await traceIdFor(command.args[0] ?? '', stack);
  const spans = await fetchTrace(traceId, stack.traces);
  console.log(`trace ${traceId}: ${spans.length} spans`);
  for (const line of drawTrace(spans)) console.log(line);
} catch (error) {
  console.error(`npm run trace: ${messageOf(error)}`);
  process.exitCode = 1;
}
