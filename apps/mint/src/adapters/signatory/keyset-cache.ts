import type { SignatoryService } from '@assay/proto/gen/signatory/signatory';
import { assert } from '@assay/shared/kernel/assert';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { PromisedClient } from '@assay/shared/runtime/grpc-client';
import { GrpcCallError } from '@assay/shared/runtime/grpc-status';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { setTimeout as wait } from 'node:timers/promises';
import type { Keyset } from '../../domain/keyset.ts';
import type { Keysets } from '../../ports.ts';
import { parseKeyset } from './keyset-wire.ts';

/** Longer without a subscription, and the mint is not ready: a rotation could have gone unseen. */
const LOST_MAX_MS = 60_000;
const RECONNECT_MS = 500;
/** The stream is made anew after this; what is subscribed is told again at once. */
const STREAM_MS = 3_600_000;

/**
 * The keysets as the signatory last told them, kept by a subscription that is made again whenever it ends. Adds readiness
 * `signatory`; ends at stage `work`.
 */
export function subscribeKeysets(context: ServiceContext, client: PromisedClient<typeof SignatoryService>): Keysets {
  let byId: ReadonlyMap<string, Keyset> = new Map();
  let lostAt: UnixMs | undefined = context.clock.now();
  const ending = new AbortController();

  const follow = async () => {
    const stream = client.subscribeKeysets({}, { signal: ending.signal, deadlineMs: STREAM_MS });
    for await (const { error, keysets } of stream) {
      assert(error === undefined && keysets !== undefined, `the signatory tells no keysets: ${error?.detail}`);
      byId = new Map(keysets.keysets.map(parseKeyset).map((keyset) => [keyset.id, keyset]));
      lostAt = undefined;
    }
  };
  const followForEver = async () => {
    while (!ending.signal.aborted) {
      await follow().catch((error: unknown) => {
        if (!ending.signal.aborted)
          context.log.warn({ err: error }, 'the subscription to keysets ended; subscribing again');
      });
      lostAt ??= context.clock.now();
      await wait(RECONNECT_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };

  const followed = followForEver();
  context.onStop('work', 'keysets', () => {
    ending.abort();
    return followed;
  });
  const isFresh = () => byId.size > 0 && (lostAt === undefined || context.clock.now() - lostAt <= LOST_MAX_MS);
  context.readiness('signatory', isFresh);
  const known = () => {
    // Before the first snapshot a keyset is not unknown: the mint cannot say.
    if (byId.size === 0) throw new GrpcCallError('UNAVAILABLE', '', 'the signatory has told no keysets yet');
    return byId;
  };
  return { get: (keysetId) => known().get(keysetId), all: () => [...known().values()], isFresh };
}
