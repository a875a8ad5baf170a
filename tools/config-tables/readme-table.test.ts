import { describe, expect, test } from 'vitest';
import { withTable } from './readme-table.ts';

describe('the table of settings in a README', () => {
  test('takes the place between its markers, and nothing else', () => {
    const text = '# pool\n<!-- config:begin -->\n| old |\n<!-- config:end -->\nafter\n';
    expect(withTable(text, '| new |\n')).toBe('# pool\n<!-- config:begin -->\n| new |\n<!-- config:end -->\nafter\n');
  });

  test.each(['# pool', '<!-- config:begin -->', '<!-- config:end --><!-- config:begin -->', '<!-- config:end -->'])(
    'is refused without its markers: %s',
    (text) => expect(() => withTable(text, '')).toThrow('needs <!-- config:begin -->'),
  );
});
