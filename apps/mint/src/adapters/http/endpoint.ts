import type { FastifyRequest } from 'fastify';
import { err, type Result } from '@assay/shared/kernel/result';
import type { z } from 'zod';
import { operationId } from '../../domain/operation.ts';
import { type Refusal, refusal, type RefusalCode } from '../../domain/refusals.ts';
import { answered, type HttpAnswer, REFUSED, refused, type Shown } from './answers.ts';
import { readBody } from './body-reader.ts';
import type { JsonSchema, Shape } from './shape.ts';

const NO_BODY = new Uint8Array(0);

/** One path of the API: what it does, and how it is described from the very shapes by which it does it. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** With `:name` for what varies. */
  readonly path: string;
  /** `04` */
  readonly nut: string;
  readonly summary: string;
  readonly body: JsonSchema | undefined;
  readonly answer: z.ZodType;
  /** The answer is the same for everybody, and seldom another. */
  readonly isShared: boolean;
  /** @param turn resolves when long work may go on */
  readonly handle: (request: FastifyRequest, turn: Turn) => Promise<HttpAnswer>;
}

export type Turn = () => Promise<void>;

/** The request beside its body. */
export interface Call {
  /** Any text; the empty one for what the path has not. */
  param(name: string): string;
  /** The same path and body bytes are the same operation, for ever. */
  opId(): string;
}

type Answered<Value> = Result<Value, Refusal> | Promise<Result<Value, Refusal>>;

interface About<Value> {
  readonly nut: string;
  readonly summary: string;
  readonly answer: Shown<Value>;
  readonly isShared?: boolean;
}

export function get<Value>(path: string, about: About<Value>, handle: (call: Call) => Answered<Value>): Endpoint {
  const { nut, summary, answer, isShared = false } = about;
  const described = { method: 'GET', path, nut, summary, body: undefined, answer: answer.schema, isShared } as const;
  return { ...described, handle: async (request) => answerOf(await handle(callOf(request)), answer) };
}

export function post<Body, Value>(
  path: string,
  about: About<Value> & { readonly body: Shape<Body> },
  handle: (body: Body, call: Call) => Answered<Value>,
): Endpoint {
  const { nut, summary, body, answer } = about;
  const described = { method: 'POST', path, nut, summary, body: body.schema, answer: answer.schema } as const;
  return {
    ...described,
    isShared: false,
    handle: async (request, turn) => {
      await turn();
      const read = readBody(bodyOf(request), body);
      if (!read.ok) return refused(read.error);
      await turn();
      const result = await handle(read.value, callOf(request));
      await turn();
      return answerOf(result, answer);
    },
  };
}

/** Answers the same refusal to every body. */
export function refusing(
  path: string,
  { nut, summary }: { readonly nut: string; readonly summary: string },
  why: Refusal,
): Endpoint {
  const described = { method: 'POST', path, nut, summary, body: undefined, answer: REFUSED } as const;
  return { ...described, isShared: false, handle: () => Promise.resolve(refused(why)) };
}

/** Why the list is too long, if it is. */
export function refuseBeyond(
  list: readonly unknown[],
  max: number,
  code: Extract<RefusalCode, 'too-many-inputs' | 'too-many-outputs' | 'batch-too-large'>,
): Result<never, Refusal> | undefined {
  return list.length > max ? err(refusal(code, `more than ${max}`)) : undefined;
}

function callOf(request: FastifyRequest): Call {
  const params = request.params as Readonly<Record<string, string | undefined>>;
  // Without query: the op id is of the path and the body.
  const [path = ''] = request.url.split('?');
  return { param: (name) => params[name] ?? '', opId: () => operationId(path, bodyOf(request)) };
}

function answerOf<Value>(result: Result<Value, Refusal>, { render }: Shown<Value>): HttpAnswer {
  return result.ok ? answered(render(result.value)) : refused(result.error);
}

export function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? body : NO_BODY;
}
