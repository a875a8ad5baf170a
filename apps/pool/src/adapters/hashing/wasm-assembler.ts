/** Bytes of WebAssembly code, appended to while a function body is assembled. */
export type Code = number[];

export const OP = {
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  branchIf: 0x0d,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  load: 0x28,
  store: 0x36,
  constant: 0x41,
  add: 0x6a,
  sub: 0x6b,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shiftRightUnsigned: 0x76,
  rotateRight: 0x78,
} as const;

const VOID_BLOCK = 0x40;
const I32 = 0x7f;
const FUNCTION_TYPE = 0x60;
const ALIGN_4 = 2;

/** Unsigned LEB128. */
function unsigned(value: number): Code {
  const out: Code = [];
  let rest = value >>> 0;
  while (rest > 0x7f) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

/** Signed LEB128 of a 32-bit pattern. */
function signed(value: number): Code {
  const out: Code = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    out.push(last ? low : low | 0x80);
    if (last) return out;
  }
}

export const get = (local: number): Code => [OP.localGet, ...unsigned(local)];
export const set = (local: number): Code => [OP.localSet, ...unsigned(local)];
export const tee = (local: number): Code => [OP.localTee, ...unsigned(local)];
export const constant = (value: number): Code => [OP.constant, ...signed(value)];
export const call = (index: number): Code => [OP.call, ...unsigned(index)];
/** Loads 4 bytes little-endian from the address on the stack plus `offset`. */
export const load = (offset: number): Code => [OP.load, ALIGN_4, ...unsigned(offset)];
export const store = (offset: number): Code => [OP.store, ALIGN_4, ...unsigned(offset)];

/** Runs `body` while the local `counter`, counted down by one each time, is above zero; not at all when it is zero. */
export function countDown(counter: number, body: Code): Code {
  const next = [...get(counter), ...constant(1), OP.sub, ...tee(counter), OP.branchIf, 0];
  return [...get(counter), OP.if, VOID_BLOCK, OP.loop, VOID_BLOCK, ...body, ...next, OP.end, OP.end];
}

export interface WasmFunction {
  /** Number of i32 parameters. */
  readonly params: number;
  /** Number of further i32 locals. */
  readonly locals: number;
  readonly body: Code;
  readonly exportAs?: string;
}

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const section = (id: number, content: Code): Code => [id, ...sized(content)];
const text = (value: string): Code => sized([...Buffer.from(value, 'ascii')]);

/** A complete module with one exported memory `memory` of `pages` pages; functions take i32 and return nothing. */
export function assembleModule(functions: readonly WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map((each) => [FUNCTION_TYPE, ...vector(Array<Code>(each.params).fill([I32])), 0]);
  const exported = functions.flatMap((each, index) =>
    each.exportAs === undefined ? [] : [[...text(each.exportAs), 0, ...unsigned(index)]],
  );
  const bodies = functions.map((each) => sized([...vector([[...unsigned(each.locals), I32]]), ...each.body, OP.end]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(5, vector([[0, ...unsigned(pages)]])),
    ...section(7, vector([[...text('memory'), 2, 0], ...exported])),
    ...section(10, vector(bodies)),
  ]);
}
