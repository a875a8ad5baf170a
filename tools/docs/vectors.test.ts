import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '@assay/testkit/find-server';

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const golden = globSync('vectors/*/*.json', { cwd: ROOT });
const readers = globSync(['{apps,libs}/*/{src,test}/**/*.ts', 'tools/**/*.ts'], { cwd: ROOT })
  .filter((file) => file.endsWith('.test.ts') || file.includes('/test/'))
  .map(textOf);

/** By its name in quotes, with or without its end, or as one of a folder that is read whole. */
function isRead(file: string): boolean {
  const name = new RegExp(`['"\`/]${basename(file, '.json').replaceAll('.', '\\.')}(\\.json)?['"\`]`);
  const folder = `vectors/${file.split('/')[1] ?? ''}/'`;
  return readers.some((text) => name.test(text) || (text.includes(folder) && text.includes('readdirSync')));
}

describe('vectors', () => {
  test.each(golden)('%s is read by a test', (file) => {
    expect(isRead(file)).toBe(true);
  });

  test('every file of the list exists, and every test that it names', () => {
    const rows = textOf('vectors/README.md')
      .split('\n')
      .filter((line) => /^\| (0\d A|NUT-)/.test(line));
    expect(rows).toHaveLength(39);
    for (const row of rows) {
      const [, , files = '', shown = ''] = row.split('|');
      const named = [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => `vectors/${file}`);
      expect(named.filter((file) => !golden.includes(file))).toEqual([]);
      for (const [, file = '', names = ''] of shown.matchAll(/`([^`]+\.test\.ts)`([^`]*)/g)) {
        const source = textOf(file);
        const wanted = [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
        expect(
          wanted.filter((name) => !source.includes(name)),
          file,
        ).toEqual([]);
      }
    }
  });
});
