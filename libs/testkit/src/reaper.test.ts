import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { isAlive } from './is-alive.ts';

const REAPER = new URL('./reaper.ts', import.meta.url).href;

/** A process with two children, of which one is deaf to SIGTERM, and a third that has ended already. */
const OWNER = `
  const { spawn } = await import('node:child_process');
  const { once } = await import('node:events');
  const { protectFromOrphans } = await import('${REAPER}');
  const scripts = ['sleep 600', 'trap "" TERM; while true; do sleep 0.2; done', 'exit 0'];
  const pids = [];
  for (const script of scripts) {
    const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
    const ended = once(child, 'exit');
    protectFromOrphans(child.pid, ended);
    pids.push(child.pid);
    if (script === 'exit 0') await ended;
  }
  console.log(pids.join(' '));
  setInterval(() => undefined, 1_000);
`;

test.concurrent.each(['SIGKILL', 'SIGINT'] as const)(
  'children end with their owner, who was ended by %s',
  async (signal) => {
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: owner.stdout }), 'line');
    const [obedient = 0, deaf = 0] = String(line).split(' ').map(Number);
    expect([obedient, deaf].map(isAlive)).toEqual([true, true]);
    owner.kill(signal);
    await once(owner, 'exit');
    await expect.poll(() => isAlive(obedient), { timeout: 4_000 }).toBe(false);
    await expect.poll(() => isAlive(deaf), { timeout: 10_000 }).toBe(false);
  },
);
