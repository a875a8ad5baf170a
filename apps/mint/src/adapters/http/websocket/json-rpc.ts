import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { SubscribeRequest } from '../../../domain/subscriptions/requests.ts';
import { type Json, type JsonObject, parseJsonText, renderJson } from '../json-text.ts';

/** JSON-RPC 2.0; −32603 answers a fault of ours, after which the wallet may ask again. */
export const RPC_ERRORS = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
} as const;

export type RpcId = bigint | string;

export interface RpcFailure {
  /** Null when it could not be read. */
  readonly id: RpcId | null;
  readonly error: keyof typeof RPC_ERRORS;
  readonly message: string;
}

export type RpcCall =
  | { readonly id: RpcId; readonly method: 'subscribe'; readonly params: SubscribeRequest }
  | { readonly id: RpcId; readonly method: 'unsubscribe'; readonly params: { readonly subId: string } };

const ID_CHARS_MAX = 64;

/** The call in a text frame. A batch is none: NUT-17 knows single requests. */
export function readCall(text: string): Result<RpcCall, RpcFailure> {
  const parsed = parseJsonText(text);
  if (!parsed.ok) return err({ id: null, error: 'parse', message: 'no JSON' });
  if (!(parsed.value instanceof Map)) return err({ id: null, error: 'request', message: 'no single request' });
  const request: JsonObject = parsed.value;
  const id = idIn(request);
  const fail = (error: RpcFailure['error'], message: string) => err({ id, error, message });
  if (id === null) return fail('request', 'id is neither an integer nor a short text');
  if (request.get('jsonrpc') !== '2.0') return fail('request', 'jsonrpc is not "2.0"');
  const method = request.get('method');
  if (typeof method !== 'string') return fail('request', 'method is no text');
  if (method !== 'subscribe' && method !== 'unsubscribe') return fail('method', 'no such method');
  const params = request.get('params');
  if (!(params instanceof Map)) return fail('params', 'params is no object');
  const subId = params.get('subId');
  if (typeof subId !== 'string') return fail('params', 'subId is no text');
  if (method === 'unsubscribe') return ok({ id, method, params: { subId } });
  const [kind, filters] = [params.get('kind'), params.get('filters')];
  if (typeof kind !== 'string') return fail('params', 'kind is no text');
  if (!isTextList(filters)) return fail('params', 'filters is no list of texts');
  return ok({ id, method, params: { subId: ownText(subId), kind: ownText(kind), filters: filters.map(ownText) } });
}

/** A subscription lasts, and a part of the frame's text would keep all of the frame in memory. */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}

function idIn(request: JsonObject): RpcId | null {
  const id = request.get('id');
  if (typeof id === 'bigint') return id;
  return typeof id === 'string' && id.length <= ID_CHARS_MAX ? id : null;
}

function isTextList(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

/** Granted, or ended. */
export function acceptedText(id: RpcId, subId: string): string {
  return renderJson({ jsonrpc: '2.0', result: { status: 'OK', subId }, id });
}

export function failureText({ id, error, message }: RpcFailure): string {
  return renderJson({ jsonrpc: '2.0', error: { code: RPC_ERRORS[error], message }, id });
}

/** @param payload JSON text */
export function notificationText(subId: string, payload: string): string {
  return `{"jsonrpc":"2.0","method":"subscribe","params":{"subId":${JSON.stringify(subId)},"payload":${payload}}}`;
}
