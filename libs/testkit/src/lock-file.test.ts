import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFile } from './lock-file.ts';

const LOCK_MODULE = new URL('./lock-file.ts', import.meta.url).href;

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-lock-'));
  lock = join(folder, 'fetch.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the second waits for the first, says so once, and leaves nothing behind', async () => {
  const told: string[] = [];
  const release = await lockFile(lock);
  const second = lockFile(lock, () => told.push('waiting'));
  await expect.poll(() => told).toEqual(['waiting']);
  release();
  (await second)();
  expect(readdirSync(folder)).toEqual([]);
});

test('the lock of a process that was killed is taken at once', async () => {
  const script = `const { lockFile } = await import('${LOCK_MODULE}'); await lockFile('${lock}'); console.log('held'); setInterval(() => 0, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const told: string[] = [];
  (await lockFile(lock, () => told.push('waiting')))();
  expect(told).toEqual([]);
});
