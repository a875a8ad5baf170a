import { AsyncLocalStorage } from 'node:async_hooks';
import { GrpcStatusFault } from '@assay/shared/runtime/grpc-status';
import { isRequestId } from '@assay/shared/runtime/request-id';
import type { Metadata } from '@grpc/grpc-js';

const SCHEMA_KEY = 'x-signatory-schema-version';
const SCHEMA_VERSION = '2';
const REQUEST_ID_KEY = 'x-request-id';

const requestIds = new AsyncLocalStorage<string | undefined>();

/**
 * Reads what this contract carries in the metadata of each call, before its handler runs.
 * @throws GrpcStatusFault INVALID_ARGUMENT when the schema version is missing or the request id is no id;
 * FAILED_PRECONDITION for a schema version that is not spoken here
 */
export function readMetadata(metadata: Metadata): void {
  const version = textOf(metadata, SCHEMA_KEY);
  if (version === undefined) throw new GrpcStatusFault('INVALID_ARGUMENT', `metadata ${SCHEMA_KEY} is missing`);
  if (version !== SCHEMA_VERSION) {
    throw new GrpcStatusFault('FAILED_PRECONDITION', `this signatory speaks schema version ${SCHEMA_VERSION}`);
  }
  const requestId = textOf(metadata, REQUEST_ID_KEY);
  if (requestId !== undefined && !isRequestId(requestId)) {
    throw new GrpcStatusFault(
      'INVALID_ARGUMENT',
      `metadata ${REQUEST_ID_KEY} is 1 to 64 of A-Z, a-z, 0-9, ., _, : and -`,
    );
  }
  requestIds.enterWith(requestId);
}

/** `x-request-id` of the call that is being answered. */
export function requestIdOfCall(): string | undefined {
  return requestIds.getStore();
}

function textOf(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return value === undefined ? undefined : value.toString();
}
