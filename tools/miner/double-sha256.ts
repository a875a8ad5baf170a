// Double SHA-256 of block headers for grinding: the first 64 of the 80 bytes are hashed once per job (the midstate).

const K = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;

const schedule = new Int32Array(64);

/** One SHA-256 compression of the 16 words in `block` onto `state`. */
function compress(state: Int32Array, block: Int32Array): void {
  const w = schedule;
  w.set(block);
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15] ?? 0;
    const y = w[i - 2] ?? 0;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = ((w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1) | 0;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] ?? 0) + (w[i] ?? 0)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const next = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i += 1) state[i] = (state[i] ?? 0) + (next[i] ?? 0);
}

export interface Grinder {
  /**
   * Tries `count` nonces from `firstNonce`.
   * @returns the first nonce whose double hash, as a little-endian number, is at most the target; undefined if none is.
   */
  grind(firstNonce: number, count: number): number | undefined;
}

/**
 * A grinder for one header.
 * @param header 80 bytes; its nonce is ignored.
 * @param target 32 bytes big-endian.
 */
export function createGrinder(header: Uint8Array, target: Uint8Array): Grinder {
  const words = new DataView(header.buffer, header.byteOffset, 80);
  const midstate = Int32Array.from(INITIAL);
  compress(
    midstate,
    Int32Array.from({ length: 16 }, (_, i) => words.getInt32(4 * i)),
  );
  const tail = new Int32Array(16);
  for (let i = 0; i < 3; i += 1) tail[i] = words.getInt32(64 + 4 * i);
  tail[4] = 0x80000000 | 0;
  tail[15] = 640;
  const second = new Int32Array(16);
  second[8] = 0x80000000 | 0;
  second[15] = 256;
  const state = new Int32Array(8);
  const limits = targetLimits(target);
  const meets = (nonce: number) => {
    tail[3] = swap(nonce);
    state.set(midstate);
    compress(state, tail);
    second.set(state);
    state.set(INITIAL);
    compress(state, second);
    return isAtMost(state, limits);
  };
  return {
    grind(firstNonce, count) {
      for (let i = 0; i < count; i += 1) {
        const nonce = (firstNonce + i) >>> 0;
        if (meets(nonce)) return nonce;
      }
      return undefined;
    },
  };
}

function swap(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The target's words from the most significant down. */
function targetLimits(target: Uint8Array): Uint32Array {
  const view = new DataView(target.buffer, target.byteOffset, 32);
  return Uint32Array.from({ length: 8 }, (_, i) => view.getUint32(4 * i));
}

/** The hash's words stand in reverse order and reversed bytes. */
function isAtMost(state: Int32Array, limits: Uint32Array): boolean {
  for (let i = 0; i < 8; i += 1) {
    const word = swap(state[7 - i] ?? 0) >>> 0;
    const limit = limits[i] ?? 0;
    if (word !== limit) return word < limit;
  }
  return true;
}
