import { z } from 'zod';
import { stackClients } from '../stack/clients.ts';
import type { StackState } from '../stack/state.ts';
import type { ReceivedSpan } from './otlp-decode.ts';

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

/** 32 hex digits are a trace, 64 a batch of the pool, anything else a quote of the mint. */
export async function traceIdFor(id: string, { portBase }: StackState): Promise<string> {
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  const clients = stackClients({ portBase });
  try {
    if (/^[0-9a-f]{64}$/.test(id)) return (await clients.pool.getBatch({ batchId: id })).batch?.traceId ?? '';
    return (await clients.mint.getQuote({ by: { $case: 'quoteId', value: id } })).traceId;
  } finally {
    clients.close();
  }
}

/**
 * The spans of a trace from the local stack's own receiver.
 * @param traces base URL of where the stack's spans go
 */
export async function fetchTrace(traceId: string, traces: string): Promise<ReceivedSpan[]> {
  const elsewhere = `the spans of this stack go to ${traces}; look there for trace ${traceId}`;
  const response = await fetch(`${traces}/traces/${traceId}`).catch((error: unknown) => {
    throw new Error(elsewhere, { cause: error });
  });
  if (!response.ok) throw new Error(elsewhere);
  const spans = received.parse(await response.json());
  if (spans.length === 0) throw new Error(`trace ${traceId} is not, or no longer, known here`);
  return spans;
}
