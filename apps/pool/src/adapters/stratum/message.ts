/** As in the request; echoed as given. */
export type RequestId = string | number | null;

export type Message =
  | { readonly kind: 'request'; readonly id: RequestId; readonly method: string; readonly params: readonly unknown[] }
  /** A request without `id`: carried out, but an unknown method is ignored. */
  | { readonly kind: 'notice'; readonly method: string; readonly params: readonly unknown[] }
  /** An object with a usable id that is no request of the protocol. */
  | { readonly kind: 'malformed'; readonly id: RequestId }
  /** An answer of the client to one of our pushes. */
  | { readonly kind: 'answer' }
  | { readonly kind: 'not-an-object' };

const DEPTH_MAX = 4;
const ID_NUMBER_MAX = 2 ** 53;

/** Reads one line. Every text has a result; nothing throws. */
export function parseMessage(line: string): Message {
  if (!isShallow(line)) return { kind: 'not-an-object' };
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'not-an-object' };
  return messageOf(value as Readonly<Record<string, unknown>>);
}

function messageOf(fields: Readonly<Record<string, unknown>>): Message {
  const { id, method, params } = fields;
  if (id !== undefined && !isRequestId(id)) return { kind: 'malformed', id: null };
  if (method === undefined && ('result' in fields || 'error' in fields)) return { kind: 'answer' };
  const list: unknown = params ?? [];
  if (typeof method !== 'string' || !Array.isArray(list)) return { kind: 'malformed', id: id ?? null };
  return id === undefined ? { kind: 'notice', method, params: list } : { kind: 'request', id, method, params: list };
}

function isRequestId(id: unknown): id is RequestId {
  return id === null || typeof id === 'string' || (typeof id === 'number' && Math.abs(id) <= ID_NUMBER_MAX);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Whether brackets outside of strings nest at most four deep; looked at before anything is allocated. */
function isShallow(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth += 1;
      if (depth > DEPTH_MAX) return false;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth -= 1;
  }
  return true;
}
