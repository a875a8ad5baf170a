import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Metadata, status } from '@grpc/grpc-js';
import { type Reason, REASONS } from '@assay/proto/reasons';
import { isAway } from './away.ts';
import { fieldsOf } from './wire-fields.ts';

const DETAILS_KEY = 'grpc-status-details-bin';
const ERROR_INFO_URL = 'type.googleapis.com/google.rpc.ErrorInfo';
const DOMAIN = 'assay';
const MESSAGE_MAX = 1_024;

type StatusName = keyof typeof status;
export const STATUS_NAMES = Object.keys(status).filter((name): name is StatusName => Number.isNaN(Number(name)));

/** A refusal with one of our reasons, as `google.rpc.Status` with one `ErrorInfo{reason, domain: assay}`. */
export class GrpcFault extends Error {
  override readonly name = 'GrpcFault';
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A bare status without a reason of ours, where a foreign contract prescribes one. */
export class GrpcStatusFault extends Error {
  override readonly name = 'GrpcStatusFault';
  readonly code: StatusName;

  constructor(code: StatusName, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a call to another service ended with. `reason` is empty when the server gave none. */
export class GrpcCallError extends Error {
  override readonly name = 'GrpcCallError';
  readonly code: StatusName;
  readonly reason: string;

  constructor(code: StatusName, reason: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.reason = reason;
  }
}

export interface WireStatus {
  readonly code: status;
  readonly name: StatusName;
  readonly details: string;
  readonly metadata: Metadata;
  /** Whether it was not foreseen, so that it has to be logged. */
  readonly unexpected: boolean;
}

/** What the caller is told about `error`: the reason of a refusal, nothing about an unforeseen fault. */
export function wireStatusOf(error: unknown): WireStatus {
  if (error instanceof GrpcFault) return wireStatus(REASONS[error.reason], error.message, error.reason, false);
  if (error instanceof GrpcStatusFault) return wireStatus(error.code, error.message, undefined, false);
  if (isAway(error) || isUnanswered(error)) {
    return wireStatus('UNAVAILABLE', 'something this service depends on is away', 'DEPENDENCY_UNAVAILABLE', true);
  }
  return wireStatus('INTERNAL', 'internal error', undefined, true);
}

function isUnanswered(error: unknown): boolean {
  return error instanceof GrpcCallError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED');
}

function wireStatus(name: StatusName, message: string, reason: Reason | undefined, unexpected: boolean): WireStatus {
  const details = message.slice(0, MESSAGE_MAX);
  const metadata = new Metadata();
  if (reason !== undefined) metadata.set(DETAILS_KEY, Buffer.from(encodeStatus(status[name], details, reason)));
  return { code: status[name], name, details, metadata, unexpected };
}

/** The reason in the trailers of a failed call; empty when there is none of domain `assay`. */
export function reasonIn(metadata: Metadata | undefined): string {
  const [bytes] = metadata?.get(DETAILS_KEY) ?? [];
  if (!(bytes instanceof Uint8Array)) return '';
  try {
    return decodeReason(bytes);
  } catch {
    // Trailers of a server that is not ours.
    return '';
  }
}

// google.rpc.Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
// google.protobuf.Any { string type_url = 1; bytes value = 2; }   google.rpc.ErrorInfo { string reason = 1, domain = 2; }

function encodeStatus(code: number, message: string, reason: string): Uint8Array {
  const writer = new BinaryWriter().uint32(8).int32(code).uint32(18).string(message).uint32(26).fork();
  writer.uint32(10).string(ERROR_INFO_URL).uint32(18).fork();
  writer.uint32(10).string(reason).uint32(18).string(DOMAIN).join();
  return writer.join().finish();
}

function decodeReason(bytes: Uint8Array): string {
  for (const any of fieldsOf(bytes, 3)) {
    const [url] = fieldsOf(any, 1);
    const [info] = fieldsOf(any, 2);
    if (url === undefined || info === undefined || textOf(url) !== ERROR_INFO_URL) continue;
    const [reason] = fieldsOf(info, 1);
    const [domain] = fieldsOf(info, 2);
    if (reason && domain && textOf(domain) === DOMAIN) return textOf(reason);
  }
  return '';
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
