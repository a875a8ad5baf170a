import { type GrpcServing, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { type AdminServicePorts, mintAdminService } from './mint-admin-service.ts';
import { mintService, type MintServicePorts } from './mint-service.ts';

/** Serves internal teams on one listener and operators on another. */
export async function serveGrpc(
  context: ServiceContext,
  serving: GrpcServing & { readonly port: number; readonly adminPort: number },
  ports: MintServicePorts & AdminServicePorts,
): Promise<void> {
  await startGrpcServer(context, { ...serving, implementations: [mintService(ports)] });
  await startGrpcServer(context, { ...serving, port: serving.adminPort, implementations: [mintAdminService(ports)] });
}
