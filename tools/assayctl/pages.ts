const PAGE_MAX = 500;

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextPageToken: string;
}

/** What a list request says about its page. */
interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/**
 * The first `limit` rows of a list that a service gives page by page; all of them when `limit` is 0.
 * `more` says whether the service has others.
 */
export async function rowsOf<Row>(
  limit: number,
  ask: (page: PageRequest) => Promise<Page<Row>>,
): Promise<{ readonly rows: Row[]; readonly more: boolean }> {
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const pageSize = limit === 0 ? PAGE_MAX : Math.min(PAGE_MAX, limit - rows.length);
    const page = await ask({ pageSize, pageToken });
    rows.push(...page.rows);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && (limit === 0 || rows.length < limit));
  return { rows, more: pageToken !== '' };
}
