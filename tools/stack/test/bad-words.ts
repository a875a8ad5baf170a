import fc from 'fast-check';

// What strangers may say: seeded, so that a failure can be repeated.

const METHODS = [
  'mining.configure',
  'mining.subscribe',
  'mining.authorize',
  'mining.suggest_difficulty',
  'mining.suggest_target',
  'mining.extranonce.subscribe',
  'mining.submit',
  'mining.ping',
  'mining.get_transactions',
  '__proto__',
  'constructor',
] as const;

const withoutNewline = (bytes: Uint8Array) => Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)));
const nested = (depth: number) => `${'[{"a":'.repeat(depth)}0${'}]'.repeat(depth)}`;
const oddNumber = fc.constantFrom('1e999', '-0', '9007199254740993', '0.1e-400', 'NaN', 'Infinity', '1'.repeat(400));
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('$where', '__proto__', '../../etc/passwd', '{"$gt":""}', '\u0000', '\ud800', 'a'.repeat(10_000)),
);
const anything = fc.oneof({ depthSize: 'small' }, fc.jsonValue({ maxDepth: 6 }), hostileText);
const shallow = fc.oneof(fc.jsonValue({ maxDepth: 1 }), hostileText);

/** Objects with an id and a method, as far as a stranger cares; none is an honest request. */
const request = fc
  .record(
    {
      id: fc.oneof({ weight: 4, arbitrary: fc.nat() }, { weight: 1, arbitrary: shallow }),
      method: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...METHODS) }, { weight: 1, arbitrary: hostileText }),
      params: fc.oneof(
        { weight: 4, arbitrary: fc.array(shallow, { maxLength: 8 }) },
        { weight: 1, arbitrary: shallow },
      ),
    },
    { requiredKeys: ['method'] },
  )
  .map((message) => Buffer.from(JSON.stringify(message)));

export function stratumRequests(count: number, seed: number): Buffer[] {
  return fc.sample(request, { numRuns: count, seed });
}

const line = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 400 }).map(withoutNewline),
  fc.json().map((text) => Buffer.from(text)),
  oddNumber.map((text) => Buffer.from(`{"id":${text},"method":"mining.suggest_difficulty","params":[${text}]}`)),
  fc.nat({ max: 2_000 }).map((depth) => Buffer.from(nested(depth))),
  fc.tuple(request, fc.nat({ max: 60 })).map(([bytes, cut]) => bytes.subarray(0, Math.max(1, bytes.length - cut))),
);

/** Lines that mostly are no request at all. */
export function stratumLines(count: number, seed: number): Buffer[] {
  return fc.sample(line, { numRuns: count, seed });
}

/** Values that no place of a share's hex has room for. */
const badHex = fc.oneof(
  fc.constantFrom<unknown>('', '0', '0x00ffd0aa', ' 6b00ffd0', '6b00ffd0 ', '-6b00ffd', '6b00ffdg', 'ａ'.repeat(8)),
  fc.stringMatching(/^[0-9a-f]{1,7}$/),
  fc.stringMatching(/^[0-9a-f]{17,40}$/),
  fc.nat(),
  fc.constantFrom<unknown>(null, true, [], {}, ['00000000']),
);

/** The parameters of an honest submit with one thing wrong: one place, or their number. */
export function badSubmits(honest: readonly string[], count: number, seed: number): unknown[][] {
  const replaced = fc
    .tuple(fc.nat({ max: honest.length - 1 }), badHex)
    .map(([place, value]) => honest.map((param, index): unknown => (index === place ? value : param)));
  const tooFew = fc.nat({ max: 4 }).map((length): unknown[] => honest.slice(0, length));
  const tooMany = fc.array(badHex, { minLength: 2, maxLength: 5 }).map((more): unknown[] => [...honest, ...more]);
  return fc.sample(fc.oneof({ weight: 6, arbitrary: replaced }, tooFew, tooMany), { numRuns: count, seed });
}

/** Bytes of no message, or of one by chance. */
export function randomMessages(count: number, seed: number): Uint8Array[] {
  const small = fc.uint8Array({ maxLength: 64 });
  const field = fc
    .tuple(fc.integer({ min: 1, max: 24 }), fc.constantFrom(0, 1, 2, 5), small)
    .map(([number, wire, bytes]) => fieldOf(number, wire, bytes));
  const fields = fc.array(field, { maxLength: 12 }).map((parts) => Uint8Array.from(Buffer.concat(parts)));
  return fc.sample(fc.oneof(small, fields, fc.uint8Array({ maxLength: 4_000 })), { numRuns: count, seed });
}

function fieldOf(number: number, wire: number, bytes: Uint8Array): Buffer {
  const tag = (number << 3) | wire;
  const head = tag < 0x80 ? [tag] : [(tag & 0x7f) | 0x80, tag >> 7];
  if (wire === 0) return Buffer.from([...head, bytes.length & 0x7f]);
  if (wire === 2) return Buffer.from([...head, bytes.length, ...bytes]);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(wire === 1 ? 8 : 4, bytes[0] ?? 0)]);
}

/** A message with something wrong in its bytes: a bit, its end, a piece twice. */
export function damaged(message: Uint8Array, count: number, seed: number): Uint8Array[] {
  const at = fc.nat({ max: Math.max(0, message.length - 1) });
  const flip = fc
    .tuple(at, fc.integer({ min: 0, max: 7 }))
    .map(([place, bit]) => message.map((byte, index) => (index === place ? byte ^ (1 << bit) : byte)));
  const cut = at.map((length) => message.slice(0, length));
  const doubled = fc.tuple(at, at).map(([from, to]) => Buffer.concat([message, message.subarray(from, to)]));
  return fc.sample(fc.oneof(flip, cut, doubled), { numRuns: count, seed });
}

const HEX33 = `02${'ab'.repeat(32)}`;
const output = { amount: 1, id: `01${'0'.repeat(64)}`, B_: HEX33 };
const input = { amount: 1, id: `01${'0'.repeat(64)}`, secret: 's', C: HEX33 };
const HONEST_SHAPES = [
  { inputs: [input], outputs: [output] },
  { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', outputs: [output], signature: 'ab'.repeat(64) },
  { Ys: [HEX33] },
  { outputs: [output] },
  { pubkeys: [HEX33], pubkey_signatures: ['ab'.repeat(64)], only_mintable: false },
] as const;

/** Bodies of requests: bytes, JSON of any shape, and the mint's own shapes with one leaf replaced. */
export function requestBodies(count: number, seed: number): Uint8Array[] {
  const shape = fc
    .tuple(fc.constantFrom(...HONEST_SHAPES), fc.nat({ max: 40 }), anything)
    .map(([honest, leaf, value]) => Buffer.from(JSON.stringify(withLeaf(honest, leaf, value))));
  const text = oddNumber.map((number) => Buffer.from(`{"Ys":[${number}],"outputs":[{"amount":${number}}]}`));
  const bytes = fc.uint8Array({ maxLength: 400 }).map((given) => Buffer.from(given));
  const deep = fc.nat({ max: 20_000 }).map((depth) => Buffer.from(nested(depth)));
  const json = fc.json({ maxDepth: 6 }).map((given) => Buffer.from(given));
  return fc.sample(fc.oneof({ weight: 6, arbitrary: shape }, text, bytes, deep, json), { numRuns: count, seed });
}

/** The value with its `leaf`-th place, counted through the tree, replaced. */
function withLeaf(value: unknown, leaf: number, by: unknown): unknown {
  let place = 0;
  return JSON.parse(JSON.stringify(value), (_key, found: unknown) => {
    place += 1;
    return place === leaf + 1 ? by : found;
  });
}
