import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { metricsPortOf } from '@assay/shared/runtime/config';
import { protectFromOrphans } from './reaper.ts';

export interface ServerCommand {
  /** What people call it, for messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Resolves once the server answers; rejected while it does not. */
  readonly probe: () => Promise<void>;
  readonly readyWithinMs?: number;
}

/** A server of this machine that lives as long as its owner wants, and no longer than the owner's process. */
export interface ServerProcess {
  readonly name: string;
  pid(): number;
  running(): boolean;
  /** Ends it in an orderly way (SIGTERM, after 15 s SIGKILL). */
  stop(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data, and waits until it answers. */
  restart(): Promise<void>;
  /** Resolves when the process ends by itself or by a signal. */
  ended(): Promise<number | NodeJS.Signals>;
}

const STOP_GRACE_MS = 15_000;
const GRPC_PORT_ATTEMPTS = 100;
const PROBE_EVERY_MS = 50;

/** Starts `command` and waits until its probe answers; a start that fails tells the end of its log. */
export async function startProcess(command: ServerCommand): Promise<ServerProcess> {
  let child = await launch(command);
  return {
    name: command.name,
    pid: () => child.process.pid ?? -1,
    running: () => child.process.exitCode === null && child.process.signalCode === null,
    ended: () => child.ended,
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
    restart: async () => {
      await end(child, 'SIGTERM');
      child = await launch(command);
    },
  };
}

interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
}

async function launch(command: ServerCommand): Promise<Child> {
  mkdirSync(dirname(command.logFile), { recursive: true });
  const log = openSync(command.logFile, 'a');
  const process = spawn(command.program, command.args, {
    stdio: ['ignore', log, log],
    env: command.env,
    detached: true,
  });
  closeSync(log);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    process.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
    process.once('error', () => resolve(127));
  });
  const child = { process, ended };
  if (process.pid !== undefined) protectFromOrphans(process.pid, ended);
  await untilReady(command, child);
  return child;
}

async function untilReady(command: ServerCommand, child: Child): Promise<void> {
  const deadline = Date.now() + (command.readyWithinMs ?? 30_000);
  let failure: unknown = new Error('not asked yet');
  while (Date.now() < deadline) {
    const over = child.process.exitCode ?? child.process.signalCode ?? undefined;
    if (over !== undefined)
      throw new Error(`${command.name} ended with ${over} at start.\n${logTail(command.logFile)}`);
    try {
      const ended = child.ended.then(() => Promise.reject(new Error('it ended')));
      return await Promise.race([command.probe(), ended]);
    } catch (error) {
      failure = error;
    }
    await wait(PROBE_EVERY_MS);
  }
  await end(child, 'SIGKILL');
  const tail = logTail(command.logFile);
  throw new Error(`${command.name} did not answer in time: ${String(failure)}\n${tail}`, { cause: failure });
}

async function end(child: Child, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  child.process.kill(signal);
  const timer = setTimeout(() => child.process.kill('SIGKILL'), STOP_GRACE_MS);
  await child.ended;
  clearTimeout(timer);
}

function logTail(file: string): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return [`The end of ${file}:`, ...lines.slice(-15)].join('\n  ');
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return takePort(0);
}

/** The same for the gRPC of a service: the port of its metrics and health is free too. */
export async function freeGrpcPort(): Promise<number> {
  for (let attempt = 0; attempt < GRPC_PORT_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const metrics = await takePort(metricsPortOf(port)).catch(() => undefined);
    if (metrics !== undefined) return port;
  }
  throw new Error('no free pair of ports was found');
}

async function takePort(wanted: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
