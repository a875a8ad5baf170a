import type { Command } from 'commander';
import type { Quote, WatchQuotesResponse } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { count, hexBytes, oneOf, pastMs } from '../argument-values.ts';
import { rowsOf } from '../pages.ts';
import { plainOf, type PlainRecord, QUOTE_STATES } from '../plain.ts';
import { quoteRequestOf } from '../quote-reference.ts';
import type { Run, Session } from '../session.ts';
import { type Column, timeText } from '../table.ts';

interface Filter {
  readonly method?: string;
  readonly pool?: string;
  readonly pubkey?: Buffer;
  readonly state?: ReturnType<typeof QUOTE_STATES.valueOf>;
}

type ListOptions = Filter & { readonly since?: bigint; readonly until?: bigint; readonly limit: number };
type WatchOptions = Filter & { readonly resumeToken?: string };

const COLUMNS: readonly Column[] = [
  { title: 'natural key', of: (quote) => String(quote['naturalKey']) },
  { title: 'state', of: (quote) => String(quote['state']) },
  { title: 'unit', of: (quote) => String(quote['unit']) },
  { title: 'requested', of: (quote) => String(quote['amountRequested']), align: 'right' },
  { title: 'paid', of: (quote) => String(quote['amountPaid']), align: 'right' },
  { title: 'issued', of: (quote) => String(quote['amountIssued']), align: 'right' },
  { title: 'audit', of: (quote) => [quote['auditCode'], quote['auditNote']].filter((text) => text !== '').join(' ') },
  { title: 'updated', of: (quote) => timeText(String(quote['updatedAtMs'])) },
  { title: 'quote', of: (quote) => String(quote['quoteId']) },
];
const WATCH_COLUMNS: readonly Column[] = [{ title: 'update', of: (row) => String(row['update']) }, ...COLUMNS];

const PUBKEY_BYTES = 33;

export function addQuoteCommands(program: Command, run: Run): void {
  const quotes = program.command('quotes').description('mint quotes: what was asked, paid and issued');
  withFilter(quotes.command('list').description('quotes that match, oldest first'))
    .option('--since <time>', 'created at or after (ISO 8601, or a duration ago as 2h)', (text) =>
      pastMs(text, Date.now()),
    )
    .option('--until <time>', 'created before', (text) => pastMs(text, Date.now()))
    .option('--limit <n>', 'rows at most; 0 for all', count, 100)
    .action((options: ListOptions, command: Command) => run(command, (session) => list(session, options)));
  quotes
    .command('get')
    .description('one quote, its trace and the operations that minted from it')
    .argument('<quote>', 'quote id, natural key, or POOL/BATCH')
    .action((text: string, _options: object, command: Command) => run(command, (session) => get(session, text)));
  withFilter(quotes.command('watch').description('quotes that match, then every change of one, until Ctrl-C'))
    .option('--resume-token <token>', 'go on where an earlier watch ended')
    .action((options: WatchOptions, command: Command) => run(command, (session) => watch(session, options)));
}

function withFilter(command: Command): Command {
  return command
    .option('--method <name>', 'ehash, reward, escrow or bolt11')
    .option('--pool <id>', 'of this pool')
    .option('--pubkey <hex>', 'locked to this key (33 bytes)', hexBytes(PUBKEY_BYTES))
    .option(`--state <state>`, QUOTE_STATES.names.join('|').toLowerCase(), oneOf(QUOTE_STATES));
}

function filterOf({ method = '', pool = '', pubkey = Buffer.alloc(0), state }: Filter) {
  return { method, poolId: pool, pubkey, state: state ?? QUOTE_STATES.unspecified };
}

function quoteRecord(quote: Quote): PlainRecord {
  return plainOf(quote, { state: QUOTE_STATES });
}

async function list({ connections, output }: Session, options: ListOptions): Promise<void> {
  const mint = await connections.to('mint');
  const filter = { ...filterOf(options), createdFromMs: options.since ?? 0n, createdBeforeMs: options.until ?? 0n };
  const { rows, more } = await rowsOf(options.limit, async (page) => {
    const { quotes, nextPageToken } = await mint.listQuotes({ ...filter, ...page });
    return { rows: quotes, nextPageToken };
  });
  output.list(COLUMNS, rows.map(quoteRecord));
  if (more) output.note(`more than ${options.limit} match: raise --limit, or 0 for all`);
}

async function get({ connections, output }: Session, text: string): Promise<void> {
  const mint = await connections.to('mint');
  const { quote, traceId, opIds } = await mint.getQuote(quoteRequestOf(text));
  output.one({ ...(quote === undefined ? {} : quoteRecord(quote)), traceId, operations: opIds });
}

async function watch({ connections, output, signal }: Session, options: WatchOptions): Promise<void> {
  const mint = await connections.to('mint');
  const request = { ...filterOf(options), resumeToken: options.resumeToken ?? '' };
  let token = '';
  try {
    for await (const response of mint.watchQuotes(request, { signal, deadlineMs: Infinity })) {
      token = show(output, response) ?? token;
    }
  } finally {
    if (token !== '') output.note(`resume with --resume-token ${token}`);
  }
}

/** Returns the token of a bookmark. People see quotes; scripts get the bookmarks too, to store them. */
function show(output: Session['output'], { update }: WatchQuotesResponse): string | undefined {
  if (update === undefined) return undefined;
  if (update.$case !== 'bookmark') {
    output.next(WATCH_COLUMNS, { update: update.$case, ...quoteRecord(update.value) });
    return undefined;
  }
  if (output.format !== 'table') output.next(WATCH_COLUMNS, { update: 'bookmark', ...plainOf(update.value) });
  return update.value.resumeToken;
}
