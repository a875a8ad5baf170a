import { GrpcFault } from './grpc-status.ts';

const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 500;
const PAGE_BYTES_MAX = 2 * 1_048_576;
const TOKEN_CHARS_MAX = 2_048;
const TOKEN_FIELDS_MAX = 8;

/** Rows of a page: 0 asks for 100, more than 500 gives 500. */
export function pageSize(requested: number): number {
  return requested === 0 ? PAGE_SIZE_DEFAULT : Math.min(requested, PAGE_SIZE_MAX);
}

export interface Page<Row, Message> {
  readonly messages: Message[];
  /** The last row of the page, while more follow. */
  readonly last: Row | undefined;
}

/** As much of `rows` as one answer takes: `size` messages and 2 MiB, but one at least. Read one row more than `size`. */
export function cutPage<Row, Message>(
  rows: readonly Row[],
  size: number,
  render: (row: Row) => Message,
  codec: { encode(message: Message): { finish(): Uint8Array } },
): Page<Row, Message> {
  const messages: Message[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, size)) {
    const message = render(row);
    bytes += codec.encode(message).finish().length;
    if (messages.length > 0 && bytes > PAGE_BYTES_MAX) break;
    messages.push(message);
  }
  return { messages, last: messages.length < rows.length ? rows[messages.length - 1] : undefined };
}

/** Opaque text that says where the next page begins. */
export function encodePageToken(fields: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/**
 * The fields of a token that `encodePageToken` made; none for the empty token of a first page.
 * @throws GrpcFault `PAGE_TOKEN_INVALID`
 */
export function decodePageToken(token: string): Record<string, string> {
  if (token === '') return {};
  const fields = parse(token);
  if (fields === undefined)
    throw new GrpcFault('PAGE_TOKEN_INVALID', 'page_token is not one that this method returned');
  return fields;
}

function parse(token: string): Record<string, string> | undefined {
  if (token.length > TOKEN_CHARS_MAX || !/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
  const value = parseJson(Buffer.from(token, 'base64url').toString());
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  const wellFormed = entries.length <= TOKEN_FIELDS_MAX && entries.every(([, field]) => typeof field === 'string');
  return wellFormed ? Object.fromEntries(entries) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
