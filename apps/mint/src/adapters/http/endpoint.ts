import type { FastifyRequest } from 'fastify';
import { err, type Result } from '@assay/shared/kernel/result';
import { operationId } from '../../domain/operation.ts';
import { type Refusal, refusal, type RefusalCode } from '../../domain/refusals.ts';
import { answered, type HttpAnswer, refused } from './answers.ts';
import { readBody } from './body-reader.ts';
import type { JsonObject, Renderable } from './json-text.ts';

const NO_BODY = new Uint8Array(0);

/** Without query: the op id is of the path and the body. */
export function opIdOf(request: FastifyRequest): string {
  const [path = ''] = request.url.split('?');
  return operationId(path, bodyOf(request));
}

/** What the reader makes of the body, or 51000. */
export function read<T>(request: FastifyRequest, parse: (body: JsonObject) => T): Result<T, Refusal> {
  return readBody(bodyOf(request), parse);
}

export function answerOf<T>(result: Result<T, Refusal>, render: (value: T) => Renderable): HttpAnswer {
  return result.ok ? answered(render(result.value)) : refused(result.error);
}

/** The list, or why it is too long. */
export function atMost<T>(
  list: Result<readonly T[], Refusal>,
  max: number,
  code: Extract<RefusalCode, 'too-many-inputs' | 'too-many-outputs' | 'batch-too-large'>,
): Result<readonly T[], Refusal> {
  return list.ok && list.value.length > max ? err(refusal(code, `more than ${max}`)) : list;
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? body : NO_BODY;
}
