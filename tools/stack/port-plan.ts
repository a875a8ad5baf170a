import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { StackOptions } from './options.ts';

/** Every port of a deployment in the order that `--port-base` counts, with its default. */
const PORTS = {
  stratum: 3333,
  poolHttp: 3334,
  mintHttp: 3338,
  poolGrpc: 50051,
  mintGrpc: 50052,
  auditorGrpc: 50053,
  rewardsGrpc: 50054,
  slashingGrpc: 50055,
  registryGrpc: 50056,
  signatory: 15060,
  auditorHttp: 3339,
  console: 8080,
  nats: 4222,
  mongod: 27017,
  bitcoind: 38332,
  otlp: 4318,
} as const;

export type PortName = keyof typeof PORTS;

const REPLICA_STEP = 100;
const COMMAND_SHOWN = 120;
/** The admin listener of a service stands this far above its gRPC port. */
export const ADMIN_STEP = 2_000;

/** Port of replica `replica` (0, 1, …). */
export function portOf(options: Pick<StackOptions, 'portBase'>, name: PortName, replica = 0): number {
  const names = Object.keys(PORTS);
  const first = options.portBase === undefined ? PORTS[name] : options.portBase + names.indexOf(name);
  return first + REPLICA_STEP * replica;
}

/** Rejects when a port is taken, naming the process that holds it where the system tells. */
export async function assertFree(port: number, purpose: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  }).catch((error: unknown) => {
    const holder = holderOf(port) ?? 'another process';
    throw new Error(
      `port ${port} for ${purpose} is held by ${holder}. Stop it, or move all ports with --port-base N.`,
      {
        cause: error,
      },
    );
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Command line and pid of the process that listens on a port, from /proc; undefined where that does not tell. */
function holderOf(port: number): string | undefined {
  try {
    const inode = holdingInode(port);
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    const pid = inode === undefined ? undefined : pids.find((candidate) => holdsSocket(candidate, inode));
    if (pid === undefined) return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return `pid ${pid} (${command.slice(0, COMMAND_SHOWN)})`;
  } catch {
    return undefined;
  }
}

/** Who listens there, else who only calls from there: the system gives out high ports for calls too. */
function holdingInode(port: number): string | undefined {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  const held = rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[1]?.endsWith(wanted) === true);
  return (held.find((row) => row[3] === '0A') ?? held[0])?.[9];
}

function holdsSocket(pid: string, inode: string): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`);
    return files.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}
