import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import type { TlsFiles } from '@assay/shared/runtime/tls';

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

// grpc.health.v1: HealthCheckRequest{1 string service}, HealthCheckResponse{1 enum status}.
const HEALTH = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: ({ service }: { service: string }) =>
      Buffer.from(new BinaryWriter().uint32(10).string(service).finish()),
    requestDeserialize: (): { service: string } => ({ service: '' }),
    responseSerialize: (): Buffer => Buffer.alloc(0),
    responseDeserialize: (bytes: Buffer): { status: number } => ({ status: statusIn(bytes) }),
  },
} as const;

function statusIn(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  let status = 0;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) status = reader.int32();
    else reader.skip(wireType, field);
  }
  return status;
}

/** What a server says of itself to load balancers. */
export async function servingStatus(url: string, tls: TlsFiles | undefined, deadlineMs: number): Promise<string> {
  const client = grpcClient(HEALTH, { url, deadlineMs, tls });
  try {
    const { status } = await client.check({ service: '' });
    return STATUSES[status] ?? String(status);
  } finally {
    client.close();
  }
}
