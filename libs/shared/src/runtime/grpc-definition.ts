/** One method of the `XxxService` constants that ts-proto generates for grpc-js. */
export interface MethodDefinition {
  /** `/assay.pool.v1.PoolService/GetBatch` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: never) => Buffer;
  readonly requestDeserialize: (value: Buffer) => unknown;
  readonly responseSerialize: (value: never) => Buffer;
  readonly responseDeserialize: (value: Buffer) => unknown;
}

export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;
export type RequestOf<M extends MethodDefinition> = ReturnType<M['requestDeserialize']>;
export type ResponseOf<M extends MethodDefinition> = ReturnType<M['responseDeserialize']>;

/** `assay.pool.v1.PoolService/GetBatch`, also the name of its spans. */
export function nameOf(definition: { readonly path: string }): string {
  return definition.path.slice(1);
}

/** Largest message in either direction. */
export const MESSAGE_BYTES_MAX = 4 * 1_048_576;

/** Header by which a caller names itself where there are no certificates (development). */
export const CALLER_HEADER = 'x-assay-caller';
