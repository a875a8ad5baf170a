import type { Bytes } from '@assay/shared/kernel/bytes';

const HASH_BYTES = 32;
const EMPTY = 0;

/**
 * The hashes of the shares that this instance accepted, in one flat buffer. It saves trips to the database and is the
 * only guard against a repeat inside one batch, which a unique multikey index does not see: a hash that is held (its
 * batch is open or unflushed) is therefore never dropped. Of the others the oldest go first, and with them those of the
 * oldest prev_hash.
 */
export interface ShareSet {
  has(hash: Bytes): boolean;
  /** Adds a hash that is not in the set, and holds it. */
  add(hash: Bytes): void;
  /** The hash may be dropped from now on; its batch takes no more shares. */
  release(hash: Bytes): void;
  /** The share was not stored: its repeat is a new share. */
  forget(hash: Bytes): void;
  size(): number;
}

/** @param maxHashes beyond it the oldest are dropped, one for each that is added: no share waits for a clean-up */
export function createShareSet(maxHashes: number): ShareSet {
  let store = emptyStore(maxHashes);
  return {
    has: (hash) => slotOf(store, hash) >= 0,
    add(hash) {
      if (store.held === store.capacity) store = grown(store);
      insert(store, hash, nextEntry(store));
    },
    release(hash) {
      const entry = entryIn(store, slotOf(store, hash));
      if (entry >= 0) setState(store, entry, STATE.known);
    },
    forget(hash) {
      const slot = slotOf(store, hash);
      if (slot >= 0) remove(store, slot);
    },
    size: () => store.live,
  };
}

const STATE = { free: 0, known: 1, held: 2 } as const;

interface Store {
  readonly capacity: number;
  live: number;
  held: number;
  /** Entry that the next hash takes, if it is not held: the entries are a ring in order of adding. */
  next: number;
  /** Neither these nor the slots are touched before they are used: the system gives zeros without writing them. */
  readonly hashes: Uint8Array;
  readonly states: Uint8Array;
  /** Open addressing: slot → entry + 1, or EMPTY; at most half full. */
  readonly slots: Int32Array;
}

function emptyStore(capacity: number): Store {
  let slots = 2;
  while (slots < 2 * capacity) slots *= 2;
  return {
    ...{ capacity, live: 0, held: 0, next: 0 },
    hashes: new Uint8Array(capacity * HASH_BYTES),
    states: new Uint8Array(capacity),
    slots: new Int32Array(slots),
  };
}

/** The low bytes of a hash are the ones that work did not choose. */
function firstSlot({ slots }: Store, hash: Bytes, at: number): number {
  const low = (hash[at] ?? 0) | ((hash[at + 1] ?? 0) << 8) | ((hash[at + 2] ?? 0) << 16) | ((hash[at + 3] ?? 0) << 24);
  return low & (slots.length - 1);
}

/** Entry of a slot, or −1. */
function entryIn({ slots }: Store, slot: number): number {
  return (slots[slot] ?? EMPTY) - 1;
}

/** Slot of the hash, or −1. */
function slotOf(store: Store, hash: Bytes): number {
  const mask = store.slots.length - 1;
  for (let slot = firstSlot(store, hash, 0); ; slot = (slot + 1) & mask) {
    const entry = entryIn(store, slot);
    if (entry < 0) return -1;
    if (equalsAt(store, entry, hash)) return slot;
  }
}

function equalsAt(store: Store, entry: number, hash: Bytes): boolean {
  const at = entry * HASH_BYTES;
  for (let index = 0; index < HASH_BYTES; index += 1) if (store.hashes[at + index] !== hash[index]) return false;
  return true;
}

function setState(store: Store, entry: number, state: number): void {
  const before = store.states[entry];
  store.states[entry] = state;
  store.held += (state === STATE.held ? 1 : 0) - (before === STATE.held ? 1 : 0);
}

/** The oldest entry that is not held, emptied. */
function nextEntry(store: Store): number {
  while (store.states[store.next] === STATE.held) store.next = (store.next + 1) % store.capacity;
  const entry = store.next;
  store.next = (entry + 1) % store.capacity;
  if (store.states[entry] === STATE.known) remove(store, slotOf(store, hashAt(store, entry)));
  return entry;
}

function hashAt({ hashes }: Store, entry: number): Bytes {
  return hashes.subarray(entry * HASH_BYTES, (entry + 1) * HASH_BYTES);
}

function insert(store: Store, hash: Bytes, entry: number): void {
  const mask = store.slots.length - 1;
  let slot = firstSlot(store, hash, 0);
  while (entryIn(store, slot) >= 0) slot = (slot + 1) & mask;
  store.slots[slot] = entry + 1;
  store.hashes.set(hash, entry * HASH_BYTES);
  store.live += 1;
  setState(store, entry, STATE.held);
}

/** Empties the slot and its entry; what lies behind in the same chain moves up, so that no search ends too early. */
function remove(store: Store, slot: number): void {
  const mask = store.slots.length - 1;
  setState(store, entryIn(store, slot), STATE.free);
  store.live -= 1;
  let gap = slot;
  for (let at = (gap + 1) & mask; entryIn(store, at) >= 0; at = (at + 1) & mask) {
    const first = firstSlot(store, store.hashes, entryIn(store, at) * HASH_BYTES);
    const stays = gap < at ? gap < first && first <= at : gap < first || first <= at;
    if (stays) continue;
    store.slots[gap] = store.slots[at] ?? EMPTY;
    gap = at;
  }
  store.slots[gap] = EMPTY;
}

/** Held hashes alone may exceed the bound: they are bounded by the open batches, and none may be missing. */
function grown(store: Store): Store {
  const next = emptyStore(2 * store.capacity);
  for (let entry = 0; entry < store.capacity; entry += 1) insert(next, hashAt(store, entry), entry);
  next.next = store.capacity;
  return next;
}
