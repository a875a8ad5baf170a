import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { type GrpcServing, implement, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Pool } from '../../flows/assemble-pool.ts';
import { type BatchCallPorts, batchCalls } from './batch-calls.ts';
import { type BlockCallPorts, blockCalls } from './block-calls.ts';
import { type StatsCallPorts, statsCalls } from './stats-calls.ts';
import { type TemplateCallPorts, templateCalls } from './template-calls.ts';
import { workerCalls } from './worker-calls.ts';

/** How batches, templates and blocks look on the wire: as in their events. */
export type Rendering = Pick<BatchCallPorts, 'batchAccepted'> &
  Pick<TemplateCallPorts, 'templateDeclared'> &
  Pick<BlockCallPorts, 'blockFound'>;

/** Serves PoolService; returns the port. */
export function serveGrpc(
  context: ServiceContext,
  serving: GrpcServing & { readonly port: number },
  pool: Pool,
  given: Rendering & Pick<StatsCallPorts, 'workSince'>,
): Promise<number> {
  const { board, rules } = pool;
  const ports = { ...pool.ports, ...given, board, poolId: rules.template.poolId, prefixRestMs: rules.prefixRestMs };
  const currentTemplateId = () => board.work?.template.id;
  const service = implement(PoolServiceService, {
    ...batchCalls(ports),
    ...templateCalls({ ...ports, currentTemplateId }),
    ...blockCalls(ports),
    ...workerCalls(ports),
    ...statsCalls(ports),
  });
  return startGrpcServer(context, { ...serving, implementations: [service] });
}
