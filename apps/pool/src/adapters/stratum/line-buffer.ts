const NEWLINE = 0x0a;
const RETURN = 0x0d;
const EMPTY = Buffer.alloc(0);

/** What comes next on a connection: a line without its end, nothing yet, or more bytes than a line may have. */
export type NextLine = { readonly line: string } | 'incomplete' | 'too-long';

/** Cuts bytes of a connection into lines and never keeps more than the limit plus one chunk. */
export class LineBuffer {
  readonly #maxBytes: number;
  #bytes: Buffer = EMPTY;
  #start = 0;

  /** @param maxBytes longest line, with its newline. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next chunk; the caller drains `next` before it gives another, unless the connection is paused. */
  push(chunk: Buffer): void {
    const rest = this.#bytes.subarray(this.#start);
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#start = 0;
  }

  next(): NextLine {
    const end = this.#bytes.indexOf(NEWLINE, this.#start);
    const length = (end === -1 ? this.#bytes.length : end + 1) - this.#start;
    if (length > this.#maxBytes || (end === -1 && length === this.#maxBytes)) return 'too-long';
    if (end === -1) {
      this.#release();
      return 'incomplete';
    }
    const start = this.#start;
    this.#start = end + 1;
    return {
      line: this.#bytes.toString('utf8', start, end > start && this.#bytes[end - 1] === RETURN ? end - 1 : end),
    };
  }

  /** A short rest must not keep a whole read buffer alive on an idle connection. */
  #release(): void {
    const rest = this.#bytes.subarray(this.#start);
    this.#bytes = rest.length === 0 ? EMPTY : Buffer.from(rest);
    this.#start = 0;
  }
}
