import { grpcServing, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { AuditorConfig } from '../../config.ts';
import { type AdminParts, auditorAdminService } from './admin-service.ts';
import { auditorService, type ServiceParts } from './auditor-service.ts';

/** AuditorService for teams and, on a listener of its own, AuditorAdminService for operators. */
export async function serveAuditor(
  context: ServiceContext,
  config: AuditorConfig,
  parts: ServiceParts & AdminParts,
): Promise<void> {
  const serving = grpcServing(config);
  const { AUDITOR_GRPC_PORT: port, AUDITOR_ADMIN_GRPC_PORT: adminPort } = config;
  await startGrpcServer(context, { ...serving, port, implementations: [auditorService(parts)] });
  await startGrpcServer(context, { ...serving, port: adminPort, implementations: [auditorAdminService(parts)] });
}
