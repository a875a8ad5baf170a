import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CACHE } from '@assay/testkit/find-server';
import { isAlive } from '@assay/testkit/is-alive';
import { freePortBase } from '../free-port-base.ts';
import { runningStack } from '../state.ts';
import { until } from '../until.ts';
import { stackCommand, type StackCommand } from './stack-command.ts';

// The command that people run: it owns what it starts, however it ends.

const runs = join(CACHE, 'run');
mkdirSync(runs, { recursive: true });
const dataDir = mkdtempSync(join(runs, 'supervisor-'));
const started: ChildProcess[] = [];

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

function command(args: readonly string[]): StackCommand {
  const given = stackCommand([...args, '--data', dataDir]);
  started.push(given.child);
  return given;
}

async function startedStack(): Promise<{ supervisor: StackCommand; pids: number[]; portBase: string }> {
  const portBase = String(await freePortBase());
  const supervisor = command(['--no-miner', '--no-wallet', '--port-base', portBase]);
  const state = await until(
    async () => runningStack(dataDir),
    (found) => found !== undefined,
    90_000,
  ).catch((error: unknown) => Promise.reject(new Error(supervisor.output(), { cause: error })));
  return { supervisor, pids: state?.processes.map(({ pid }) => pid) ?? [], portBase };
}

const allEnd = (pids: readonly number[]) =>
  until(
    async () => pids.filter(isAlive),
    (alive) => alive.length === 0,
    30_000,
  );

test(
  'a second start on the same data says who runs there, and Ctrl-C ends every process',
  { timeout: 180_000 },
  async () => {
    const { supervisor, pids, portBase } = await startedStack();
    expect(pids).toHaveLength(7);
    const second = command(['--port-base', portBase]);
    await once(second.child, 'close');
    expect(second.child.exitCode).toBe(1);
    expect(second.output()).toContain(`pid ${supervisor.child.pid}`);
    supervisor.child.kill('SIGINT');
    await once(supervisor.child, 'close');
    expect(supervisor.child.exitCode).toBe(0);
    await allEnd(pids);
    expect(runningStack(dataDir)).toBeUndefined();
  },
);

test('a supervisor that is killed leaves no process behind', { timeout: 180_000 }, async () => {
  const { supervisor, pids } = await startedStack();
  supervisor.child.kill('SIGKILL');
  await allEnd(pids);
});

test('a port that somebody holds is named with its holder', { timeout: 60_000 }, async () => {
  const holder = spawn(process.execPath, [
    '-e',
    "require('net').createServer().listen(0,'127.0.0.1',function(){console.log(this.address().port)})",
  ]);
  started.push(holder);
  const [printed] = (await once(holder.stdout, 'data')) as [Buffer];
  // NATS stands 12 places after the base.
  const portBase = Number(printed.toString()) - 12;
  const { child, output } = command(['--port-base', String(portBase)]);
  await once(child, 'close');
  expect(child.exitCode).toBe(1);
  expect(output()).toContain(`pid ${holder.pid}`);
});
