import { Command } from 'commander';
import { z } from 'zod';
import { stackClients } from '../stack/clients.ts';
import { DEFAULT_OPTIONS } from '../stack/options.ts';
import { readState } from '../stack/state.ts';
import type { ReceivedSpan } from './otlp-decode.ts';
import { drawTrace } from './span-tree.ts';

const command = new Command('npm run trace --')
  .description('Draws one trace of a running local stack as a tree.')
  .argument('<id>', 'trace id, quote id, or batch id')
  .option('--data <dir>', 'data directory of the stack', DEFAULT_OPTIONS.dataDir)
  .option('--port-base <n>', 'as given to npm start')
  .parse();
const options = command.opts<{ data: string; portBase?: string }>();

const received = z.array(
  z.object({
    service: z.string(),
    traceId: z.string(),
    spanId: z.string(),
    parentSpanId: z.string(),
    name: z.string(),
    startNs: z.string().transform(BigInt),
    endNs: z.string().transform(BigInt),
    attributes: z.record(z.string(), z.string()),
    links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
    failed: z.boolean(),
  }),
);

/** 32 hex digits are a trace, 64 a batch of the pool, a UUID a quote of the mint. */
async function traceIdFor(id: string): Promise<string> {
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  const portBase = options.portBase === undefined ? undefined : Number(options.portBase);
  const clients = stackClients({ portBase });
  try {
    if (!/^[0-9a-f]{64}$/.test(id))
      return (await clients.mint.getQuote({ by: { $case: 'quoteId', value: id } })).traceId;
    return (await clients.pool.getBatch({ batchId: id })).batch?.traceId ?? '';
  } finally {
    clients.close();
  }
}

async function spansOf(traceId: string): Promise<ReceivedSpan[]> {
  const state = readState(options.data);
  if (state === undefined) throw new Error(`no stack runs on ${options.data}; start one with npm start`);
  const response = await fetch(`${state.traces}/traces/${traceId}`);
  if (!response.ok) throw new Error(`the spans of this stack go to ${state.traces}; look there for trace ${traceId}`);
  return received.parse(await response.json());
}

try {
  const traceId = await traceIdFor(command.args[0] ?? '');
  const spans = await spansOf(traceId);
  if (spans.length === 0) throw new Error(`trace ${traceId} is not, or no longer, known here`);
  console.log(`trace ${traceId}: ${spans.length} spans`);
  drawTrace(spans).forEach((line) => console.log(line));
} catch (error) {
  console.error(`npm run trace: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
