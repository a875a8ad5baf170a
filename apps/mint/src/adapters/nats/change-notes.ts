import { mintNoteSubject } from '@assay/proto/catalogue';
import { ChangeNote as WireNote } from '@assay/proto/gen/assay/mint/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { setTimeout as wait } from 'node:timers/promises';
import { filterHash, shardOf, type SubscriptionKind } from '../../domain/subscriptions/kinds.ts';
import { type Change, filterOf, kindOf } from '../../domain/subscriptions/observed.ts';
import type { ChangeNote, ChangeNotes, RenderObserved } from '../../subscription-ports.ts';

/** Until the server must have seen a subscription; a note that it misses is found by the resync. */
const LISTEN_MS_MAX = 250;
const HASH_BYTES = 32;

/** Notes of one shard, wanted by somebody here. */
interface Shard {
  readonly kind: SubscriptionKind;
  readonly subject: string;
  subscription: ReturnType<Bus['nc']['subscribe']> | undefined;
  comesIn: Promise<void>;
}

/**
 * Change notes on core NATS, without which (before `connect`, and while the server is away) they stay in this instance.
 * Whoever tells hears itself at once; its own message comes back later and is as old as what was told.
 */
export function natsChangeNotes(
  context: ServiceContext,
  render: RenderObserved,
): ChangeNotes & { connect(bus: Bus): Promise<void> } {
  const shards = new Map<string, Shard>();
  let bus: Bus | undefined;
  let heard: (note: ChangeNote) => void = () => undefined;

  // Also while the server is away: the client subscribes again whenever it is back.
  const listen = (shard: Shard, { nc, connected }: Bus) => {
    if (nc.isClosed() || nc.isDraining()) return;
    const callback = (_: unknown, { data }: { data: Uint8Array }) => {
      const note = parseNote(shard.kind, data);
      if (note !== undefined) heard(note);
    };
    shard.subscription = nc.subscribe(shard.subject, { callback });
    if (connected()) shard.comesIn = Promise.race([nc.flush(), wait(LISTEN_MS_MAX)]).catch(() => undefined);
  };
  const tellOne = (change: Change) => {
    const note = noteOf(change, render);
    heard(note);
    if (bus?.connected() !== true) return;
    bus.nc.publish(mintNoteSubject(note.kind, shardOf(note.filterHash)), encodeNote(note));
  };
  context.onStop('consumers', 'change notes', () => {
    for (const { subscription } of shards.values()) subscription?.unsubscribe();
    shards.clear();
  });
  return {
    tell: (changes) => {
      try {
        changes.forEach(tellOne);
      } catch (error) {
        // What was committed stays committed; subscribers find it by their resync.
        context.log.warn({ err: error }, 'a change could not be told');
      }
    },
    hear: (listener) => void (heard = listener),
    listen: (kind, number) => {
      const subject = mintNoteSubject(kind, number);
      const known = shards.get(subject);
      if (known !== undefined) return known.comesIn;
      const shard: Shard = { kind, subject, subscription: undefined, comesIn: Promise.resolve() };
      shards.set(subject, shard);
      if (bus !== undefined) listen(shard, bus);
      return shard.comesIn;
    },
    leave: (kind, number) => {
      const subject = mintNoteSubject(kind, number);
      shards.get(subject)?.subscription?.unsubscribe();
      shards.delete(subject);
    },
    connect: async (connected) => {
      bus = connected;
      for (const shard of shards.values()) listen(shard, connected);
      await Promise.all([...shards.values()].map(({ comesIn }) => comesIn));
    },
  };
}

function noteOf({ observed, version }: Change, render: RenderObserved): ChangeNote {
  return { kind: kindOf(observed), filterHash: filterHash(filterOf(observed)), version, payload: render(observed) };
}

function encodeNote({ filterHash: hash, version, payload }: ChangeNote): Uint8Array {
  return WireNote.encode({ filterHash: Buffer.from(hash, 'hex'), version: BigInt(version), payload }).finish();
}

/** Undefined for bytes that are no note. */
function parseNote(kind: SubscriptionKind, data: Uint8Array): ChangeNote | undefined {
  try {
    const { filterHash: hash, version, payload } = WireNote.decode(data);
    if (hash.length !== HASH_BYTES || version > BigInt(Number.MAX_SAFE_INTEGER) || payload === '') return undefined;
    return { kind, filterHash: toHex(hash), version: Number(version), payload };
  } catch {
    return undefined;
  }
}
