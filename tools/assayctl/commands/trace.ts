import type { Command } from 'commander';
import { messageOf } from '@assay/shared/kernel/fault-text';
import { fetchTrace } from '../../trace/fetch-trace.ts';
import type { ReceivedSpan } from '../../trace/otlp-decode.ts';
import { drawTrace } from '../../trace/span-tree.ts';
import { UnreachableError } from '../exit-codes.ts';
import { plainOf, type PlainRecord, QUOTE_STATES } from '../plain.ts';
import { quoteRequestOf } from '../quote-reference.ts';
import type { Run, Session } from '../session.ts';

const TRACE_ID = /^[0-9a-f]{32}$/;
/** A batch of a pool by its id alone. */
const BATCH_ID = /^[0-9a-f]{64}$/;

interface Subject {
  readonly traceId: string;
  readonly quote: PlainRecord | null;
}

export function addTraceCommand(program: Command, run: Run): void {
  program
    .command('trace')
    .description('one trace as a tree: from the share to the ecash')
    .argument('<what>', 'quote id, natural key, POOL/BATCH, batch id, or trace id')
    .action((what: string, _options: object, command: Command) => run(command, (session) => trace(session, what)));
}

async function trace(session: Session, what: string): Promise<void> {
  const { traceId, quote } = await subjectOf(session, what);
  if (traceId === '') throw new UnreachableError(`${what} carries no trace: it was not sampled`);
  const { traces } = session.connections.settings;
  if (traces === undefined)
    throw new UnreachableError(`where spans are kept is not known: look for trace ${traceId}, or say --traces URL`);
  const spans = await spansOf(traceId, traces);
  const heading = [...(quote === null ? [] : [quoteLine(quote)]), `trace ${traceId}: ${spans.length} spans`];
  session.output.drawn({ traceId, quote, spans: spans.map((span) => plainOf(span)) }, [
    ...heading,
    ...drawTrace(spans),
  ]);
}

async function subjectOf({ connections }: Session, what: string): Promise<Subject> {
  if (TRACE_ID.test(what)) return { traceId: what, quote: null };
  if (BATCH_ID.test(what)) {
    const { batch } = await (await connections.to('pool')).getBatch({ batchId: what });
    return { traceId: batch?.traceId ?? '', quote: null };
  }
  const { quote, traceId } = await (await connections.to('mint')).getQuote(quoteRequestOf(what));
  return { traceId, quote: quote === undefined ? null : plainOf(quote, { state: QUOTE_STATES }) };
}

async function spansOf(traceId: string, traces: string): Promise<ReceivedSpan[]> {
  try {
    return await fetchTrace(traceId, traces);
  } catch (error) {
    throw new UnreachableError(messageOf(error), { cause: error });
  }
}

function quoteLine(quote: PlainRecord): string {
  const field = (key: string) => String(quote[key]);
  const amounts = `requested ${field('amountRequested')}, paid ${field('amountPaid')}, issued ${field('amountIssued')}`;
  return `quote ${field('naturalKey')}: ${field('state')}, ${amounts} ${field('unit')}`;
}
