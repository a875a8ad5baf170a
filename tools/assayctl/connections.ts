import { connect } from 'node:net';
import { AuditorAdminServiceService, AuditorServiceService } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { MintAdminServiceService, MintServiceService } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { PoolServiceService } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { grpcClient, type PromisedClient } from '@assay/shared/runtime/grpc-client';
import { CALLER_HEADER } from '@assay/shared/runtime/grpc-definition';
import { UnreachableError } from './exit-codes.ts';
import type { Settings } from './settings.ts';

const SERVICES = {
  mint: MintServiceService,
  mintAdmin: MintAdminServiceService,
  auditor: AuditorServiceService,
  auditorAdmin: AuditorAdminServiceService,
  pool: PoolServiceService,
} as const;

export type ServiceKey = keyof typeof SERVICES;
type ClientOf<K extends ServiceKey> = PromisedClient<(typeof SERVICES)[K]>;

/** The services that a run talks to, each connected when it is first needed. */
export interface Connections {
  readonly settings: Settings;
  /** @throws UnreachableError when nothing listens there */
  to<K extends ServiceKey>(service: K): Promise<ClientOf<K>>;
  close(): void;
}

const CONNECT_MS = 3_000;

export function createConnections(settings: Settings, deadlineMs: number): Connections {
  const clients = new Map<ServiceKey, { close(): void }>();
  const open = async <K extends ServiceKey>(key: K): Promise<ClientOf<K>> => {
    const url = settings[key];
    await assertListening(url, Math.min(CONNECT_MS, deadlineMs));
    const client = grpcClient(SERVICES[key], { url, deadlineMs, tls: settings.tls, metadata: metadataOf(settings) });
    clients.set(key, client);
    return client;
  };
  const opened = new Map<ServiceKey, Promise<unknown>>();
  return {
    settings,
    to: <K extends ServiceKey>(key: K) => {
      const known = opened.get(key) ?? open(key);
      opened.set(key, known);
      return known as Promise<ClientOf<K>>;
    },
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

/** Without certificates a header says who calls: an operator, and who in person. */
function metadataOf({ actor }: Settings): Record<string, string> {
  if (actor === undefined) return {};
  return { [CALLER_HEADER]: actor.includes('/') ? actor : `operator/${actor}` };
}

/**
 * A client of ours waits for a service that restarts; a person wants to hear at once that nothing is there.
 * @throws UnreachableError when nothing listens at a `host:port`
 */
export async function assertListening(url: string, withinMs: number): Promise<void> {
  const [, host = '', port = ''] = /^(?:[a-z]+:\/+)?\[?([^/\]]+)\]?:(\d{1,5})$/.exec(url) ?? [];
  if (host === '') return;
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port: Number(port), timeout: withinMs });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once('connect', () => end(resolve));
    socket.once('timeout', () => end(() => reject(unreachable(url, `no answer within ${withinMs} ms`))));
    socket.once('error', (error) => end(() => reject(unreachable(url, error.message))));
  });
}

function unreachable(url: string, why: string): UnreachableError {
  return new UnreachableError(`nothing answers at ${url} (${why})`);
}
