import { Command } from 'commander';
import { DEFAULT_OPTIONS } from '../stack/options.ts';
import { fetchTrace, runningStack, traceIdFor } from './fetch-trace.ts';
import { drawTrace } from './span-tree.ts';

const command = new Command('npm run trace --')
  .description('Draws one trace of a running local stack as a tree.')
  .argument('<id>', 'trace id, quote id, or batch id')
  .option('--data <dir>', 'data directory of the stack', DEFAULT_OPTIONS.dataDir)
  .parse();
const options = command.opts<{ data: string }>();

try {
  const stack = runningStack(options.data);
  const traceId = await traceIdFor(command.args[0] ?? '', stack);
  const spans = await fetchTrace(traceId, stack.traces);
  console.log(`trace ${traceId}: ${spans.length} spans`);
  for (const line of drawTrace(spans)) console.log(line);
} catch (error) {
  console.error(`npm run trace: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
