import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { AuditorServiceService } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { MintServiceService } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import type { StackOptions } from './options.ts';
import { portOf } from './port-plan.ts';

const DEADLINE_MS = 5_000;

/** Questions to the services of a local stack, as any internal team would ask them. */
export function stackClients(options: Pick<StackOptions, 'portBase'>) {
  const at = (name: 'poolGrpc' | 'auditorGrpc' | 'mintGrpc') => ({
    url: `127.0.0.1:${portOf(options, name)}`,
    deadlineMs: DEADLINE_MS,
  });
  const pool = grpcClient(PoolServiceService, at('poolGrpc'));
  const auditor = grpcClient(AuditorServiceService, at('auditorGrpc'));
  const mint = grpcClient(MintServiceService, at('mintGrpc'));
  return {
    pool,
    auditor,
    mint,
    close: () => {
      pool.close();
      auditor.close();
      mint.close();
    },
  };
}

export type StackClients = ReturnType<typeof stackClients>;
