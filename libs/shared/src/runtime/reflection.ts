import { readFileSync } from 'node:fs';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { type handleBidiStreamingCall, type Server, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { type FileIndex, indexDescriptors } from './descriptor-index.ts';

const METHOD_PATHS = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];
const HEALTH_SERVICE = 'grpc.health.v1.Health';
const DESCRIPTORS_FILE = new URL('../../../proto/descriptors.binpb', import.meta.url);

// ServerReflectionRequest: host 1, file_by_filename 3, file_containing_symbol 4, file_containing_extension 5,
// all_extension_numbers_of_type 6, list_services 7. Version 1 and v1alpha have the same bytes.
const REQUEST_KINDS: Readonly<Record<number, RequestKind>> = {
  3: 'file-by-name',
  4: 'file-of-symbol',
  5: 'file-of-extension',
  6: 'extensions-of-type',
  7: 'services',
};
type RequestKind = 'file-by-name' | 'file-of-symbol' | 'file-of-extension' | 'extensions-of-type' | 'services';

interface ReflectionRequest {
  readonly raw: Uint8Array;
  readonly kind: RequestKind | undefined;
  readonly name: string;
}

/**
 * Server reflection of `services` from the descriptor set of libs/proto, which `buf build` makes. Own, because
 * `@grpc/reflection` 1.0.4 gives strict clients a broken answer for every file that imports another. The set also has the
 * health service and the details of errors, so that clients can show them.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  const index = indexDescriptors(readFileSync(DESCRIPTORS_FILE));
  const listed = [...services, HEALTH_SERVICE].filter((service) => index.fileOfSymbol(service) !== undefined);
  const handle: handleBidiStreamingCall<ReflectionRequest, Uint8Array> = (call) => answerAll(call, index, listed);
  for (const path of METHOD_PATHS)
    server.register(path, handle, (answer) => Buffer.from(answer), decodeRequest, 'bidi');
}

function answerAll(
  call: ServerDuplexStream<ReflectionRequest, Uint8Array>,
  index: FileIndex,
  services: readonly string[],
): void {
  call.on('data', (request: ReflectionRequest) => {
    const roomy = call.write(encodeAnswer(request, index, services));
    if (roomy) return;
    call.pause();
    call.once('drain', () => call.resume());
  });
  call.on('end', () => call.end());
}

function decodeRequest(raw: Buffer): ReflectionRequest {
  const reader = new BinaryReader(raw);
  let kind: RequestKind | undefined;
  let name = '';
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    kind = REQUEST_KINDS[field] ?? kind;
    if (field === 3 || field === 4 || field === 6) name = reader.string();
    else reader.skip(wireType, field);
  }
  return { raw, kind, name };
}

// ServerReflectionResponse: valid_host 1, original_request 2, file_descriptor_response 4 { repeated bytes 1 },
// list_services_response 6 { repeated ServiceResponse 1 { name 1 } }, error_response 7 { code 1, message 2 }.
function encodeAnswer(request: ReflectionRequest, index: FileIndex, services: readonly string[]): Uint8Array {
  const writer = new BinaryWriter().uint32(18).bytes(request.raw);
  if (request.kind === 'services') return encodeServices(writer, services);
  const files = filesFor(request, index);
  if (files === undefined) return encodeError(writer, request);
  writer.uint32(34).fork();
  for (const file of files) writer.uint32(10).bytes(file);
  return writer.join().finish();
}

function filesFor(request: ReflectionRequest, index: FileIndex): readonly Uint8Array[] | undefined {
  if (request.kind === 'file-by-name') return index.withImports(request.name);
  const file = request.kind === 'file-of-symbol' ? index.fileOfSymbol(request.name) : undefined;
  return file === undefined ? undefined : index.withImports(file);
}

function encodeServices(writer: BinaryWriter, services: readonly string[]): Uint8Array {
  writer.uint32(50).fork();
  for (const service of services) writer.uint32(10).fork().uint32(10).string(service).join();
  return writer.join().finish();
}

function encodeError(writer: BinaryWriter, request: ReflectionRequest): Uint8Array {
  const known = request.kind === 'file-by-name' || request.kind === 'file-of-symbol';
  // proto3 contracts have no extensions: whatever is asked about them is not found either.
  const message = known ? `not found: ${request.name.slice(0, 256)}` : 'there are no extensions here';
  writer.uint32(58).fork().uint32(8).int32(status.NOT_FOUND).uint32(18).string(message);
  return writer.join().finish();
}
