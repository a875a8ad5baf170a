import { assert, present } from '@assay/shared/kernel/assert';
import type { Bytes } from '@assay/shared/kernel/bytes';
import { deriveKeyset, type Keyset, type KeysetTerms, signatoryPublicKey, type Unit } from '../domain/keyset.ts';
import type { KnownKeysets, LiveKeyset } from '../domain/signing-request.ts';
import { retiredAt, type UnitRecord } from '../domain/unit.ts';
import type { UnitStore } from '../ports.ts';
import { showKeysets } from '../telemetry.ts';

/** All keysets at one moment, oldest first within a unit. */
export interface KeysetSnapshot {
  /** Of the signatory, 33 bytes. */
  readonly publicKey: Bytes;
  readonly keysets: readonly LiveKeyset[];
}

/** The private keys of this process: derived once per keyset, kept, and never handed out except to sign. */
export interface Keyring {
  snapshot(): KeysetSnapshot;
  /** The known ones of `ids`. An id that is not known is looked for in the database once: a peer may have rotated. */
  find(ids: ReadonlySet<string>): Promise<KnownKeysets>;
  /** Reads the units again; concurrent calls share one read that began after the earliest of them. */
  refresh(): Promise<void>;
  derive(unit: Unit, terms: KeysetTerms): Keyset;
  /** The snapshot at once, and again after every change, until `signal`. A slow reader sees the newest one only. */
  changes(signal: AbortSignal): AsyncIterable<KeysetSnapshot>;
}

/** @throws Error when a stored keyset does not follow from `master`: the secret is another one than at its creation. */
export async function openKeyring(units: UnitStore, master: Bytes): Promise<Keyring> {
  const publicKey = signatoryPublicKey(master);
  const derived = new Map<string, Keyset>();
  const waiting = new Set<() => void>();
  let live = new Map<string, LiveKeyset>();
  let versions = '';

  const derive = (unit: Unit, terms: KeysetTerms) => deriveKeyset(master, unit, terms);

  const load = async () => {
    const records = [...(await units.all())].sort((left, right) => (left.unit < right.unit ? -1 : 1));
    const read = records.map(({ unit, version }) => `${unit}:${version}`).join();
    if (read === versions) return;
    live = new Map(records.flatMap((record) => liveKeysets(record, derived, derive)));
    versions = read;
    showKeysets(live.size);
    for (const wake of waiting) wake();
  };
  const refresh = sharedRead(load);
  await refresh();

  const snapshot = () => ({ publicKey, keysets: [...live.values()] });
  return {
    snapshot,
    refresh,
    derive,
    async find(ids) {
      if (![...ids].every((id) => live.has(id))) await refresh();
      return live;
    },
    async *changes(signal) {
      let seen: string | undefined;
      while (!signal.aborted) {
        if (seen === versions) await nextWake(waiting, signal);
        else {
          seen = versions;
          yield snapshot();
        }
      }
    },
  };
}

function liveKeysets(
  record: UnitRecord,
  derived: Map<string, Keyset>,
  derive: Keyring['derive'],
): [string, LiveKeyset][] {
  assert(record.keysets[record.activeIndex] !== undefined, `unit ${record.unit} has no active keyset`);
  return record.keysets.map((stored, index) => {
    const keyset = derived.get(stored.id) ?? derive(record.unit, stored);
    if (keyset.id !== stored.id) {
      throw new Error(`keyset ${stored.id} was made from another master secret than the one of this process`);
    }
    derived.set(stored.id, keyset);
    return [keyset.id, { keyset, active: index === record.activeIndex, retiredAt: retiredAt(record, index) }];
  });
}

/** One read at a time; who asks while one is under way gets the next one, shared. */
function sharedRead(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    next = undefined;
    running = read().finally(() => (running = undefined));
    return running;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}

function nextWake(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener('abort', wake);
  });
}

/** The keyset of `id`, which was just stored and read again. */
export function storedKeyset(keyring: Keyring, id: string): LiveKeyset {
  return present(
    keyring.snapshot().keysets.find(({ keyset }) => keyset.id === id),
    'a keyset that was just stored',
  );
}
