import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { SHELLS } from './completion.ts';
import { runLine } from './test/run-line.ts';

const scriptFor = async (shell: string) => (await runLine(['completion', shell])).out;

/** What bash offers after `words`, the last of which is being typed. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const ask = `${await scriptFor('bash')}
COMP_WORDS=(assayctl ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_assayctl
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split('\n');
}

test('bash completes commands, then those below them, then options and their values', async () => {
  expect(await offered('qu')).toEqual(['quotes']);
  expect(await offered('quotes', '')).toEqual(expect.arrayContaining(['list', 'get', 'watch', '--output']));
  expect(await offered('keysets', 'rotate', '--rea')).toEqual(['--reason']);
  expect(await offered('quotes', 'list', '-o', 'y')).toEqual(['yaml']);
  expect(await offered('-o', 'json', 'dead-letters', 'list', '--service', '')).toEqual(['auditor', 'mint']);
});

test.each(SHELLS)('the script for %s names every command and is one that the shell accepts', async (shell) => {
  const script = await scriptFor(shell);
  for (const name of ['quotes', 'dead-letters', 'rotate', 'approve', 'doctor', 'trace']) expect(script).toContain(name);
  const checked = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
  if (checked.error !== undefined) {
    expect(checked.error.message).toContain('ENOENT');
    return;
  }
  expect(checked.stderr).toBe('');
});
