import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineBuffer } from './line-buffer.ts';

const LIMIT = 64;

function drained(buffer: LineBuffer): string[] {
  const lines: string[] = [];
  for (;;) {
    const next = buffer.next();
    if (typeof next === 'string') return [...lines, next];
    lines.push(next.line);
  }
}

describe('lines of a connection', () => {
  it('are the same however their bytes arrive', () => {
    const line = fc.stringMatching(/^[ -~]{0,60}$/);
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 40 })), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const buffer = new LineBuffer(LIMIT);
        const read: string[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          buffer.push(bytes.subarray(at, at + cut));
          at += cut;
          read.push(...drained(buffer).filter((text) => text !== 'incomplete'));
        }
        expect(read).toEqual(lines);
      }),
    );
  });

  it('lose a carriage return before their end', () => {
    const buffer = new LineBuffer(LIMIT);
    buffer.push(Buffer.from('a\r\nb\rc\n\r\n'));
    expect(drained(buffer)).toEqual(['a', 'b\rc', '', 'incomplete']);
  });

  it('may have as many bytes as the limit with their newline, and not one more', () => {
    const fits = new LineBuffer(LIMIT);
    fits.push(Buffer.from(`${'x'.repeat(LIMIT - 1)}\n`));
    expect(drained(fits)).toEqual(['x'.repeat(LIMIT - 1), 'incomplete']);
    const long = new LineBuffer(LIMIT);
    long.push(Buffer.from(`${'x'.repeat(LIMIT)}\n`));
    expect(long.next()).toBe('too-long');
  });

  it('are too long as soon as the limit is full without a newline', () => {
    const buffer = new LineBuffer(LIMIT);
    buffer.push(Buffer.from('x'.repeat(LIMIT - 1)));
    expect(buffer.next()).toBe('incomplete');
    buffer.push(Buffer.from('x'));
    expect(buffer.next()).toBe('too-long');
  });
});
