import { assert } from '@assay/shared/kernel/assert';
import { type Bytes } from '@assay/shared/kernel/bytes';

const HASH_BYTES = 32;
const FIRST_CAPACITY = 65_536;
const EMPTY = -1;

/**
 * The hashes of the shares that this instance accepted, by prev_hash, in one flat buffer. It saves trips to the
 * database and is the only guard against a repeat inside one batch, which a unique multikey index does not see:
 * a hash that is held (its batch is open or unflushed) is therefore never dropped.
 */
export interface ShareSet {
  has(hash: Bytes): boolean;
  /** Adds a hash that is not in the set, and holds it. @param prevHash any name of the parent block */
  add(prevHash: string, hash: Bytes): void;
  /** The hash may be dropped from now on; its batch takes no more shares. */
  release(hash: Bytes): void;
  /** The share was not stored: its repeat is a new share. */
  forget(hash: Bytes): void;
  size(): number;
}

/** @param maxHashes beyond it the hashes of the oldest prev_hash are dropped, of a single one the older half */
export function createShareSet(maxHashes: number): ShareSet {
  let store = emptyStore(Math.min(FIRST_CAPACITY, maxHashes));
  const prevs = new Map<string, number>();
  let nextPrev = 0;

  const prevNumber = (prevHash: string): number => {
    const known = prevs.get(prevHash);
    if (known !== undefined) return known;
    prevs.set(prevHash, nextPrev);
    nextPrev += 1;
    return nextPrev - 1;
  };
  const makeRoom = (): void => {
    if (store.used < store.capacity) return;
    const kept = dropSome(store, maxHashes, prevs);
    store = rebuilt(store, kept, maxHashes);
  };
  return {
    has: (hash) => place(store, hash) >= 0,
    add(prevHash, hash) {
      makeRoom();
      insert(store, hash, prevNumber(prevHash), true);
    },
    release(hash) {
      const entry = place(store, hash);
      if (entry >= 0) store.held[entry] = 0;
    },
    forget(hash) {
      const entry = place(store, hash);
      if (entry < 0) return;
      // A tombstone: the entry stays in its chain until the next rebuild, but equals no hash.
      store.gone[entry] = 1;
      store.held[entry] = 0;
      store.live -= 1;
    },
    size: () => store.live,
  };
}

interface Store {
  readonly capacity: number;
  /** Entries in use, with the forgotten ones; they lie in order of adding. */
  used: number;
  live: number;
  readonly hashes: Uint8Array;
  readonly prev: Int32Array;
  readonly held: Uint8Array;
  readonly gone: Uint8Array;
  /** Open addressing: slot → entry or EMPTY; at most half full. */
  readonly slots: Int32Array;
}

function emptyStore(capacity: number): Store {
  let slots = 2;
  while (slots < 2 * capacity) slots *= 2;
  return {
    capacity,
    used: 0,
    live: 0,
    hashes: new Uint8Array(capacity * HASH_BYTES),
    prev: new Int32Array(capacity),
    held: new Uint8Array(capacity),
    gone: new Uint8Array(capacity),
    slots: new Int32Array(slots).fill(EMPTY),
  };
}

/** The low bytes of a hash are the ones that work did not choose. */
function firstSlot(store: Store, hash: Bytes): number {
  const low = (hash[0] ?? 0) | ((hash[1] ?? 0) << 8) | ((hash[2] ?? 0) << 16) | ((hash[3] ?? 0) << 24);
  return low & (store.slots.length - 1);
}

/** Entry of the hash, or −1. */
function place(store: Store, hash: Bytes): number {
  const mask = store.slots.length - 1;
  for (let slot = firstSlot(store, hash); ; slot = (slot + 1) & mask) {
    const entry = store.slots[slot] ?? EMPTY;
    if (entry === EMPTY) return -1;
    if (store.gone[entry] === 0 && equalsAt(store, entry, hash)) return entry;
  }
}

function equalsAt(store: Store, entry: number, hash: Bytes): boolean {
  const at = entry * HASH_BYTES;
  for (let index = 0; index < HASH_BYTES; index += 1) if (store.hashes[at + index] !== hash[index]) return false;
  return true;
}

function insert(store: Store, hash: Bytes, prev: number, held: boolean): void {
  assert(store.used < store.capacity, 'the set of shares is full');
  const mask = store.slots.length - 1;
  let slot = firstSlot(store, hash);
  while ((store.slots[slot] ?? EMPTY) !== EMPTY) slot = (slot + 1) & mask;
  const entry = store.used;
  store.slots[slot] = entry;
  store.hashes.set(hash, entry * HASH_BYTES);
  store.prev[entry] = prev;
  store.held[entry] = held ? 1 : 0;
  store.used += 1;
  store.live += 1;
}

/** Which entries survive: all while the set may still grow, else held ones and those that are not dropped. */
function dropSome(store: Store, maxHashes: number, prevs: Map<string, number>): (entry: number) => boolean {
  if (store.capacity < maxHashes) return () => true;
  const [oldestName, oldest] = prevs.entries().next().value ?? ['', 0];
  const olderHalf = Math.floor(store.used / 2);
  if (prevs.size > 1) {
    prevs.delete(oldestName);
    return (entry) => store.held[entry] === 1 || store.prev[entry] !== oldest;
  }
  return (entry) => store.held[entry] === 1 || entry >= olderHalf;
}

function rebuilt(store: Store, survives: (entry: number) => boolean, maxHashes: number): Store {
  const entries: number[] = [];
  for (let entry = 0; entry < store.used; entry += 1) {
    if (store.gone[entry] === 0 && survives(entry)) entries.push(entry);
  }
  // Held hashes alone may exceed the bound for a moment; they are bounded by the open batches.
  const room = 2 * entries.length > store.capacity ? 2 * store.capacity : store.capacity;
  const capacity = Math.max(Math.min(room, maxHashes), entries.length + FIRST_CAPACITY / 64);
  const next = emptyStore(capacity);
  for (const entry of entries) {
    const at = entry * HASH_BYTES;
    insert(next, store.hashes.subarray(at, at + HASH_BYTES), store.prev[entry] ?? 0, store.held[entry] === 1);
  }
  return next;
}
