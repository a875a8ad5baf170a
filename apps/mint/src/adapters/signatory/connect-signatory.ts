import { SignatoryService } from '@assay/proto/gen/signatory/signatory';
import type { SharedConfig } from '@assay/shared/runtime/config';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { tlsFilesOf } from '@assay/shared/runtime/tls';
import type { KeysetRotator } from '../../fund-ports.ts';
import type { Keysets, Signatory } from '../../ports.ts';
import { grpcSignatory } from './grpc-signatory.ts';
import { subscribeKeysets } from './keyset-cache.ts';
import { grpcKeysetRotator } from './keyset-rotator.ts';

const DEADLINE_MS = 5_000;
const METADATA = { 'x-signatory-schema-version': '2', 'x-assay-caller': 'mint' };

/** The signatory and its keysets; connects with the first call and again after each loss. Closes at stage `work`. */
export function connectSignatory(
  context: ServiceContext,
  config: SharedConfig & { readonly MINT_SIGNATORY_URL: string },
): { readonly signatory: Signatory; readonly keysets: Keysets; readonly rotator: KeysetRotator } {
  const client = grpcClient(SignatoryService, {
    url: config.MINT_SIGNATORY_URL,
    deadlineMs: DEADLINE_MS,
    tls: tlsFilesOf(config),
    metadata: METADATA,
    log: context.log,
  });
  context.onStop('work', 'signatory', () => client.close());
  const keysets = subscribeKeysets(context, client);
  return { signatory: grpcSignatory(client), keysets, rotator: grpcKeysetRotator(client) };
}
