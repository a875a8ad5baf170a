import {
  assembleModule,
  call,
  type Code,
  constant,
  countDown,
  get,
  load,
  OP,
  set,
  store,
  tee,
  type WasmFunction,
} from './wasm-assembler.ts';

/** Addresses in the module's memory. STATE holds eight words; everything else that the host writes is bytes. */
export const MEMORY = { state: 0, hash: 32, header: 64, branch: 256, coinbase: 1_024, pages: 1 } as const;
export const BRANCH_MAX = (MEMORY.coinbase - MEMORY.branch) / 32;
/** Room for a coinbase with its padding. */
export const COINBASE_MAX = MEMORY.pages * 65_536 - MEMORY.coinbase;

const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;
// prettier-ignore
const ROUND = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const WORDS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

// Locals of a compression: two parameters, then a…h, the 16 words of the schedule, and three scratch words.
const A = 2;
const W = 10;
const SCRATCH = { first: 26, difference: 27, before: 28 } as const;
const COMPRESSION_LOCALS = 27;

/** Swaps the bytes of the word in local `x`. */
const swapped = (x: number): Code => [
  ...[...get(x), ...constant(8), OP.rotateRight, ...constant(0xff00ff00), OP.and],
  ...[...get(x), ...constant(24), OP.rotateRight, ...constant(0x00ff00ff), OP.and, OP.or],
];

const rotated = (x: number, by: number): Code => [...get(x), ...constant(by), OP.rotateRight];
const shifted = (x: number, by: number): Code => [...get(x), ...constant(by), OP.shiftRightUnsigned];
const sigma = (x: number, a: number, b: number, c: number): Code => [
  ...[...rotated(x, a), ...rotated(x, b), OP.xor],
  ...[...rotated(x, c), OP.xor],
];
const smallSigma = (x: number, a: number, b: number, c: number): Code => [
  ...[...rotated(x, a), ...rotated(x, b), OP.xor],
  ...[...shifted(x, c), OP.xor],
];

/** Brings the schedule word of `round` up to date and leaves it on the stack. */
function scheduled(round: number): Code {
  const word = (back: number) => W + ((round - back) & 15);
  if (round < 16) return get(word(0));
  return [
    ...[...get(word(16)), ...smallSigma(word(15), 7, 18, 3), OP.add],
    ...[...get(word(7)), OP.add, ...smallSigma(word(2), 17, 19, 10), OP.add, ...tee(word(16))],
  ];
}

/** One round on rotating names: no word is moved. `input` leaves W + K on the stack. */
function oneRound(round: number, input: Code): Code {
  const name = (index: number) => A + ((index - round) & 7);
  const [a, b, d, e, f, g, h] = [name(0), name(1), name(3), name(4), name(5), name(6), name(7)] as const;
  const choose = [...get(g), ...get(e), ...get(f), ...get(g), OP.xor, OP.and, OP.xor];
  const first = [...get(h), ...input, OP.add, ...sigma(e, 6, 11, 25), OP.add, ...choose, OP.add];
  // maj(a,b,c) = b ^ ((a^b) & (b^c)); b^c is the a^b of the round before.
  const difference = [...get(a), ...get(b), OP.xor, ...tee(SCRATCH.difference)];
  const majority = [...difference, ...get(SCRATCH.before), OP.and, ...get(b), OP.xor];
  return [
    ...[...first, ...tee(SCRATCH.first), ...get(d), OP.add, ...set(d)],
    ...[...get(SCRATCH.first), ...sigma(a, 2, 13, 22), OP.add, ...majority, OP.add, ...set(h)],
    ...[...get(SCRATCH.difference), ...set(SCRATCH.before)],
  ];
}

const stateWords = (base: Code): Code => WORDS.flatMap((i) => [...base, ...load(4 * i), ...set(A + i)]);
const startState = (fresh: boolean): Code =>
  fresh ? WORDS.flatMap((i) => [...constant(INITIAL[i]), ...set(A + i)]) : stateWords(constant(MEMORY.state));

/** Adds the state before to the working words and stores the sum at STATE. */
function finishState(fresh: boolean): Code {
  const before = (i: (typeof WORDS)[number]) =>
    fresh ? constant(INITIAL[i]) : [...constant(MEMORY.state), ...load(4 * i)];
  return WORDS.flatMap((i) => [...constant(MEMORY.state), ...[...before(i), ...get(A + i), OP.add], ...store(4 * i)]);
}

function compression(fresh: boolean, words: Code, input: (round: number) => Code): WasmFunction {
  const rounds = ROUND.flatMap((_, round) => oneRound(round, input(round)));
  const difference = [...get(A + 1), ...get(A + 2), OP.xor, ...set(SCRATCH.before)];
  const body = [...words, ...startState(fresh), ...difference, ...rounds, ...finishState(fresh)];
  return { params: 2, locals: COMPRESSION_LOCALS, body };
}

const withConstant = (round: number): Code => [...scheduled(round), ...constant(ROUND[round] ?? 0), OP.add];

/** The whole schedule of a block that is known beforehand. */
function fixedSchedule(block: readonly number[]): number[] {
  const rotate = (x: number, by: number) => (x >>> by) | (x << (32 - by));
  const words = [...block];
  const at = (index: number) => words[index] ?? 0;
  for (let i = 16; i < 64; i += 1) {
    const s0 = rotate(at(i - 15), 7) ^ rotate(at(i - 15), 18) ^ (at(i - 15) >>> 3);
    const s1 = rotate(at(i - 2), 17) ^ rotate(at(i - 2), 19) ^ (at(i - 2) >>> 10);
    words.push((at(i - 16) + s0 + at(i - 7) + s1) | 0);
  }
  return words;
}

const byteBlock = (): Code =>
  [...Array(16).keys()].flatMap((i) => [...get(0), ...load(4 * i), ...set(W + i), ...swapped(W + i), ...set(W + i)]);
const wordHalf = (parameter: number, at: number): Code =>
  WORDS.flatMap((i) => [...get(parameter), ...load(4 * i), ...set(W + at + i)]);
const constantHalf = (words: readonly number[]): Code =>
  words.flatMap((word, i) => [...constant(word), ...set(W + 8 + i)]);

const PAD_AFTER_64 = fixedSchedule([0x80000000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 512]);
const PAD_AFTER_32 = [0x80000000, 0, 0, 0, 0, 0, 0, 256];

// Functions of the module, by index.
const BYTES = 0;
const PAIR = 1;
const PAD = 2;
const SECOND = 3;

const none = [...constant(0), ...constant(0)];
const secondHash = [...constant(MEMORY.state), ...constant(0), ...call(SECOND)];
const resetState = WORDS.flatMap((i) => [...constant(MEMORY.state), ...constant(INITIAL[i]), ...store(4 * i)]);
const advance = (local: number, by: number): Code => [...get(local), ...constant(by), OP.add, ...set(local)];
const compressBytes = (address: Code): Code => [...address, ...constant(0), ...call(BYTES)];
/** Stores the state as bytes at `address`; `scratch` is a free local. */
const storeState = (address: number, scratch: number): Code =>
  WORDS.flatMap((i) => [
    ...[...constant(MEMORY.state), ...load(4 * i), ...set(scratch)],
    ...[...constant(address), ...swapped(scratch), ...store(4 * i)],
  ]);

/** share(blocks of the padded coinbase, steps of the branch): merkle root into the header, share hash to HASH. */
function shareFunction(): WasmFunction {
  const [blocks, steps, address, scratch] = [0, 1, 2, 3];
  const branchStep = [
    ...[...constant(MEMORY.state), ...get(address), ...call(PAIR), ...none, ...call(PAD)],
    ...[...secondHash, ...advance(address, 32)],
  ];
  const body = [
    ...[...resetState, ...constant(MEMORY.coinbase), ...set(address)],
    ...countDown(blocks, [...compressBytes(get(address)), ...advance(address, 64)]),
    ...[...secondHash, ...constant(MEMORY.branch), ...set(address), ...countDown(steps, branchStep)],
    ...[...storeState(MEMORY.header + 36, scratch), ...resetState],
    ...[...compressBytes(constant(MEMORY.header)), ...compressBytes(constant(MEMORY.header + 64))],
    ...[...secondHash, ...storeState(MEMORY.hash, scratch)],
  ];
  return { params: 2, locals: 2, body, exportAs: 'share' };
}

/** WebAssembly that verifies one share a call: coinbase, branch and header hashed without leaving the module. */
export function sha256ShareModule(): Uint8Array<ArrayBuffer> {
  const fixed = (round: number) => constant(((PAD_AFTER_64[round] ?? 0) + (ROUND[round] ?? 0)) | 0);
  return assembleModule(
    [
      compression(false, byteBlock(), withConstant),
      compression(true, [...wordHalf(0, 0), ...wordHalf(1, 8)], withConstant),
      compression(false, [], fixed),
      compression(true, [...wordHalf(0, 0), ...constantHalf(PAD_AFTER_32)], withConstant),
      shareFunction(),
    ],
    MEMORY.pages,
  );
}
