import { type Clock, isDue, later } from '@assay/shared/kernel/clock';
import type { Quote } from '../domain/quote.ts';
import type { QuoteFeed, QuoteFilter, QuoteWatch } from '../watch-ports.ts';

export type WatchUpdate =
  | { readonly is: 'snapshot' | 'change'; readonly quote: Quote }
  /** Without a position while the snapshot is under way: who resumes then begins again. */
  | { readonly is: 'bookmark'; readonly position: string | undefined }
  /** The last one: what came next is not known any more. `late`: it was known when the watch began. */
  | { readonly is: 'lost'; readonly late: boolean };

export interface WatchPorts {
  readonly feed: QuoteFeed;
  readonly clock: Clock;
}

export interface WatchRequest {
  readonly filter: QuoteFilter;
  readonly position: string | undefined;
  /** Whether nobody waits for updates any more. */
  isOver(): boolean;
}

const BOOKMARK_MS = 15_000;

/**
 * What exists, then what changes, with bookmarks between. Read only as fast as it is taken: what waits, waits in the
 * database. Undefined when the position is none.
 */
export async function watchQuotes(
  { feed, clock }: WatchPorts,
  request: WatchRequest,
): Promise<AsyncGenerator<WatchUpdate, void> | undefined> {
  const watch = await feed.open(request.filter, request.position);
  return watch && updatesOf(watch, clock, request);
}

async function* updatesOf(watch: QuoteWatch, clock: Clock, request: WatchRequest): AsyncGenerator<WatchUpdate, void> {
  let dueAt = later(clock.now(), BOOKMARK_MS);
  const bookmarkDue = () => {
    if (!isDue(dueAt, clock.now())) return false;
    dueAt = later(clock.now(), BOOKMARK_MS);
    return true;
  };
  try {
    for await (const page of watch.snapshot()) {
      if (page === 'lost') return yield { is: 'lost', late: true };
      for (const quote of page) yield { is: 'snapshot', quote };
      if (bookmarkDue()) yield { is: 'bookmark', position: undefined };
    }
    yield { is: 'bookmark', position: watch.position() };
    let isLate = request.position === undefined;
    while (!request.isOver()) {
      const quote = await watch.change();
      if (quote === 'lost') return yield { is: 'lost', late: isLate };
      isLate = true;
      if (quote !== undefined) yield { is: 'change', quote };
      if (bookmarkDue()) yield { is: 'bookmark', position: watch.position() };
    }
  } finally {
    await watch.close();
  }
}
