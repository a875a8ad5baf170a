import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { concat } from '@assay/shared/kernel/bytes';
import { GrpcCallError, grpcClient, type PromisedClient } from '@assay/shared/runtime/grpc-client';
import { CALLER_HEADER } from '@assay/shared/runtime/grpc-definition';
import type { TlsFiles } from '@assay/shared/runtime/tls';
import type { Template } from '../../domain/template.ts';
import type { BodySource, FetchedBody } from '../../ports.ts';

const BODY_BYTES_MAX = 8_388_608;
const DEADLINE_MS = 20_000;
const STREAMS_MAX = 3;

type PoolClient = PromisedClient<typeof PoolServiceService>;

/** Template bodies by claim check from the pools; a stream that breaks goes on where it ended (02-auditor section 2.3). */
export function poolBodies(
  pools: readonly { poolId: string; grpcUrl: string }[],
  options: { tls: TlsFiles | undefined },
): BodySource & { close(): void } {
  const clients = new Map(
    pools.map(({ poolId, grpcUrl }) => [
      poolId,
      grpcClient(PoolServiceService, {
        url: grpcUrl,
        deadlineMs: DEADLINE_MS,
        tls: options.tls,
        metadata: { [CALLER_HEADER]: 'auditor' },
      }),
    ]),
  );
  return {
    fetch: async (template) => {
      const client = clients.get(template.poolId);
      return client === undefined
        ? { kind: 'unavailable', why: `no address of pool ${template.poolId}` }
        : fetchBody(client, template);
    },
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

async function fetchBody(client: PoolClient, template: Template): Promise<FetchedBody> {
  const limit = template.bodyBytes < BigInt(BODY_BYTES_MAX) ? Number(template.bodyBytes) : BODY_BYTES_MAX;
  const chunks: Uint8Array[] = [];
  let size = 0;
  let why = '';
  for (let stream = 1; stream <= STREAMS_MAX; stream += 1) {
    try {
      const request = { templateId: Buffer.from(template.templateId), offset: BigInt(size) };
      for await (const { chunk } of client.getTemplateBody(request)) {
        size += chunk.length;
        if (size > limit) return { kind: 'too-long' };
        if (chunk.length > 0) chunks.push(chunk);
      }
      return { kind: 'body', body: concat(...chunks) };
    } catch (error) {
      if (!(error instanceof GrpcCallError)) throw error;
      why = error.reason || error.code;
      // The pool answered, or was away all that time; asking again in the same breath changes nothing.
      if (error.reason !== '' || error.code === 'DEADLINE_EXCEEDED') break;
    }
  }
  return { kind: 'unavailable', why };
}
