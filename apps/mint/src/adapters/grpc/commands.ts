import type { AdminLog } from '@assay/shared/runtime/admin-log';
import { type CallContext, GrpcFault } from '@assay/shared/runtime/grpc-server';
import type { RequestIds } from '@assay/shared/runtime/request-ids';

const REASON_MAX = 1_000;

/** A method of a generated service. */
interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseSerialize: (response: Response) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** Acts once per request id of the caller; a repeat gets the first answer. */
export function named<Request extends { readonly requestId: string }, Response>(
  requestIds: RequestIds,
  method: Method<Request, Response>,
  request: Request,
  { caller }: CallContext,
  act: () => Promise<Response>,
): Promise<Response> {
  const command = {
    actor: caller,
    method: method.path,
    requestId: request.requestId,
    request: method.requestSerialize(request),
  };
  return requestIds.once<Response>(command, act, method.responseSerialize, (bytes) =>
    method.responseDeserialize(Buffer.from(bytes)),
  );
}

/** The same for a command with a reason, which goes into the hash-chained admin log under the name of the person. */
export function logged<Request extends { readonly requestId: string; readonly reason: string }, Response>(
  log: AdminLog,
  method: Method<Request, Response>,
  request: Request,
  call: CallContext,
  act: () => Promise<Response>,
): Promise<Response> {
  const { requestId, reason } = request;
  if (reason === '') throw new GrpcFault('REASON_TOO_SHORT', 'a reason is needed');
  if (reason.length > REASON_MAX) throw new GrpcFault('REQUEST_INVALID', `reason is longer than ${REASON_MAX}`);
  const entry = {
    actor: personOf(call),
    method: method.path,
    requestId,
    reason,
    request: method.requestSerialize(request),
  };
  return log.run<Response>(entry, act, method.responseSerialize, (bytes) =>
    method.responseDeserialize(Buffer.from(bytes)),
  );
}

/** An operator is a person; of a service any of its instances is the service. */
export function personOf({ caller, actor }: Pick<CallContext, 'caller' | 'actor'>): string {
  return caller === 'operator' ? actor : caller;
}
