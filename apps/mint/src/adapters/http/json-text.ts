import { err, ok, type Result } from '@assay/shared/kernel/result';

/**
 * A JSON value read without loss: integers are bigint. A number in any other spelling (fraction, exponent, minus) is a
 * `LooseNumber`, which no reader of ours takes for an amount.
 */
export type Json = string | boolean | null | bigint | LooseNumber | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

interface LooseNumber {
  readonly loose: string;
}

const DEPTH_MAX = 16;
/** A swap of 1,000 for 1,000, with all that wallets add to proofs, has half of them; a megabyte of zeros has half a million. */
const VALUES_MAX = 32_768;
/** Objects and lists among them: those cost most. The same swap has three thousand, with a DLEQ in each proof. */
const PARENTS_MAX = 8_192;
/** An integer of more digits is no amount anyway, and long ones are slow to read. */
const DIGITS_MAX = 20;
const INTEGER = /(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
const OTHER_NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const CONTROL_END = 0x20;
/** Characters by their codes. */
const CODE = {
  ...{ blank: 0x20, quote: 0x22, comma: 0x2c, colon: 0x3a, backslash: 0x5c },
  ...{ openList: 0x5b, closeList: 0x5d, openObject: 0x7b, closeObject: 0x7d },
} as const;
const LITERALS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/**
 * Reads JSON text. Refused beside what is no JSON: repeated keys (readers differ on which one counts), unpaired
 * surrogates (they have no UTF-8, so that two secrets would become one), nesting deeper than 16, more than 32,768 values,
 * more than 8,192 objects and lists.
 */
export function parseJsonText(text: string): Result<Json, 'not-json'> {
  try {
    const reader = new Reader(text);
    const value = reader.value(0);
    reader.end();
    return ok(value);
  } catch (error) {
    if (error instanceof NotJson) return err('not-json');
    throw error;
  }
}

class NotJson extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;
  #values = 0;
  #parents = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    this.#space();
    this.#values += 1;
    if (depth > DEPTH_MAX || this.#values > VALUES_MAX) throw new NotJson();
    switch (this.#text.charCodeAt(this.#at)) {
      case CODE.quote:
        return this.#string();
      case CODE.openObject:
        return this.#object(depth);
      case CODE.openList:
        return this.#array(depth);
      default:
        return this.#number() ?? this.#literal();
    }
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) throw new NotJson();
  }

  #object(depth: number): JsonObject {
    const entries = new Map<string, Json>();
    if (this.#isEmpty(CODE.closeObject)) return entries;
    do {
      this.#space();
      const key = this.#string();
      this.#space();
      this.#expect(CODE.colon);
      if (entries.has(key)) throw new NotJson();
      entries.set(key, this.value(depth + 1));
      this.#space();
    } while (this.#takes(CODE.comma));
    this.#expect(CODE.closeObject);
    return entries;
  }

  #array(depth: number): Json[] {
    const entries: Json[] = [];
    if (this.#isEmpty(CODE.closeList)) return entries;
    do {
      entries.push(this.value(depth + 1));
      this.#space();
    } while (this.#takes(CODE.comma));
    this.#expect(CODE.closeList);
    return entries;
  }

  /** Takes what opens an object or a list, and what closes it if it follows. */
  #isEmpty(close: number): boolean {
    this.#parents += 1;
    if (this.#parents > PARENTS_MAX) throw new NotJson();
    this.#at += 1;
    this.#space();
    return this.#takes(close);
  }

  #string(): string {
    this.#expect(CODE.quote);
    const from = this.#at;
    let isEscaped = false;
    // A loop, as a pattern over a megabyte of escapes would exhaust the stack.
    for (let at = from; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === CODE.quote) {
        this.#at = at + 1;
        const inner = this.#text.slice(from, at);
        return wellFormed(isEscaped ? unescaped(`"${inner}"`) : inner);
      }
      if (code < CONTROL_END) throw new NotJson();
      if (code === CODE.backslash) {
        isEscaped = true;
        at += 1;
      }
    }
    throw new NotJson();
  }

  #literal(): boolean | null {
    for (const [text, value] of LITERALS) {
      if (!this.#text.startsWith(text, this.#at)) continue;
      this.#at += text.length;
      return value;
    }
    throw new NotJson();
  }

  #number(): bigint | LooseNumber | undefined {
    const integer = this.#match(INTEGER);
    if (integer !== undefined && integer.length <= DIGITS_MAX) return BigInt(integer);
    const loose = integer ?? this.#match(OTHER_NUMBER);
    return loose === undefined ? undefined : { loose };
  }

  #space(): void {
    // Mostly there is none.
    if (this.#text.charCodeAt(this.#at) <= CODE.blank) this.#match(SPACE);
  }

  #expect(code: number): void {
    if (!this.#takes(code)) throw new NotJson();
  }

  #takes(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

function unescaped(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    return String(value);
  } catch {
    throw new NotJson();
  }
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new NotJson();
  return text;
}

/** What can be rendered; undefined fields are left out. */
export type Renderable =
  | string
  | boolean
  | null
  | number
  | bigint
  | readonly Renderable[]
  | { readonly [key: string]: Renderable | undefined };

/** JSON text; a bigint becomes a JSON integer. */
export function renderJson(value: Renderable): string {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(renderJson).join(',')}]`;
  const fields = Object.entries(value).flatMap(([key, field]) =>
    field === undefined ? [] : [`${JSON.stringify(key)}:${renderJson(field)}`],
  );
  return `{${fields.join(',')}}`;
}

function isList(value: object): value is readonly Renderable[] {
  return Array.isArray(value);
}
