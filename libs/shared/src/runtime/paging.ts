import { GrpcFault } from './grpc-status.ts';

const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 500;
const TOKEN_CHARS_MAX = 2_048;
const TOKEN_FIELDS_MAX = 8;

/** Rows of a page: 0 asks for 100, more than 500 gives 500. */
export function pageSize(requested: number): number {
  return requested === 0 ? PAGE_SIZE_DEFAULT : Math.min(requested, PAGE_SIZE_MAX);
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
