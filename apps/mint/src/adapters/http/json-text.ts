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
/** An integer of more digits is no amount anyway, and long ones are slow to read. */
const DIGITS_MAX = 20;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const INTEGER = /^(?:0|[1-9][0-9]*)$/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CONTROL_END = 0x20;
const BLANK = 0x20;
const SPACE = /[ \t\n\r]*/y;
const LITERALS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/**
 * Reads JSON text. Refused beside what is no JSON: repeated keys (readers differ on which one counts), unpaired
 * surrogates (they have no UTF-8, so that two secrets would become one), nesting deeper than 16, more than 32,768 values.
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

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    this.#space();
    this.#values += 1;
    if (depth > DEPTH_MAX || this.#values > VALUES_MAX) throw new NotJson();
    const first = this.#text[this.#at];
    if (first === '"') return this.#string();
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    const literal = this.#literal();
    return literal === undefined ? this.#number() : literal;
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) throw new NotJson();
  }

  #object(depth: number): JsonObject {
    const entries = new Map<string, Json>();
    this.#list('{', '}', () => {
      const key = this.#string();
      this.#space();
      this.#expect(':');
      if (entries.has(key)) throw new NotJson();
      entries.set(key, this.value(depth + 1));
    });
    return entries;
  }

  #array(depth: number): Json[] {
    const entries: Json[] = [];
    this.#list('[', ']', () => entries.push(this.value(depth + 1)));
    return entries;
  }

  #list(open: string, close: string, entry: () => void): void {
    this.#expect(open);
    this.#space();
    if (this.#takes(close)) return;
    do {
      this.#space();
      entry();
      this.#space();
    } while (this.#takes(','));
    this.#expect(close);
  }

  #string(): string {
    const from = this.#at;
    this.#expect('"');
    const end = this.#endOfString();
    const inner = this.#text.slice(from + 1, end);
    this.#at = end + 1;
    return wellFormed(inner.includes('\\') ? unescaped(`"${inner}"`) : inner);
  }

  /** Where the closing quote is. A loop, as a pattern over a megabyte of escapes would exhaust the stack. */
  #endOfString(): number {
    for (let at = this.#at; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) return at;
      if (code < CONTROL_END) throw new NotJson();
      if (code === BACKSLASH) at += 1;
    }
    throw new NotJson();
  }

  #literal(): boolean | null | undefined {
    for (const [text, value] of LITERALS) if (this.#takes(text)) return value;
    return undefined;
  }

  #number(): bigint | LooseNumber {
    const text = this.#match(NUMBER);
    if (text === undefined) throw new NotJson();
    return INTEGER.test(text) && text.length <= DIGITS_MAX ? BigInt(text) : { loose: text };
  }

  #space(): void {
    // Mostly there is none.
    if (this.#text.charCodeAt(this.#at) <= BLANK) this.#match(SPACE);
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new NotJson();
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
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
