import { mkdirSync, rmSync } from 'node:fs';
import type { ServerProcess } from '@assay/testkit/server-process';
import { type OtlpReceiver, startOtlpReceiver } from '../trace/otlp-receiver.ts';
import { type Identity, loadIdentity } from './identity.ts';
import type { StackOptions } from './options.ts';
import { assertFree, portOf } from './port-plan.ts';
import { type PlanInputs, planServices } from './service-plan.ts';
import { instanceName, type ServiceInstance, startService } from './service-process.ts';
import { type Servers, startServers } from './servers.ts';
import { assertNotRunning, forgetState, writeState } from './state.ts';

/** A running stack: servers and services. Tests use it as a library, `npm start` through main.ts. */
export interface Stack {
  readonly options: StackOptions;
  readonly identity: Identity;
  readonly servers: Servers;
  readonly instances: readonly ServiceInstance[];
  /** Set when spans go to the receiver of the stack's own. */
  readonly receiver: OtlpReceiver | undefined;
  /** The process of an instance: `pool`, `pool-1`, `nats-server`, … */
  process(name: string): ServerProcess;
  /** Resolves with its name when a process ends that was not told to. */
  readonly unexpectedEnd: Promise<string>;
  stop(): Promise<void>;
}

export interface StackStart {
  readonly options: StackOptions;
  readonly environment?: NodeJS.ProcessEnv;
  readonly overrides?: PlanInputs['overrides'];
  readonly tell?: (line: string) => void;
}

/** Starts servers, then services in the order of their dependence; what was started is stopped when one fails. */
export async function startStack({ options, environment = {}, overrides = {}, tell = () => undefined }: StackStart) {
  assertNotRunning(options.dataDir);
  if (options.reset) rmSync(options.dataDir, { recursive: true, force: true });
  mkdirSync(options.dataDir, { recursive: true });
  const identity = loadIdentity(options.dataDir);
  const running: { name: string; process: ServerProcess }[] = [];
  const stopping = { now: false };
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    stopping.now = true;
    for (const { process } of running.reverse()) await process.stop();
    for (const close of closers) await close();
    forgetState(options.dataDir);
  };
  try {
    const receiver = await startReceiver(options);
    if (receiver !== undefined) closers.push(() => receiver.close());
    tell(`waiting for ${options.only === undefined ? 'NATS, MongoDB and bitcoind' : 'NATS and MongoDB'}`);
    const servers = await startServers(options, environment, tell);
    running.push(...servers.started.map((process) => ({ name: process.name, process })));
    const otlpUrl = options.otlpUrl ?? receiver?.url;
    const instances = planServices({ options, identity, servers, otlpUrl, overrides });
    for (const instance of instances) {
      const name = instanceName(instance);
      tell(`waiting for ${name}`);
      for (const [purpose, port] of Object.entries(instance.ports)) await assertFree(port, `${name} ${purpose}`);
      running.push({ name, process: await startService(instance, options.dataDir) });
    }
    writeState(options, instances, running, otlpUrl);
    const find = (name: string) => running.find((entry) => entry.name === name)?.process;
    return {
      options,
      identity,
      servers,
      instances,
      receiver,
      process: (name) => find(name) ?? unknownProcess(name),
      unexpectedEnd: firstUnexpectedEnd(running, stopping),
      stop,
    } satisfies Stack;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startReceiver(options: StackOptions): Promise<OtlpReceiver | undefined> {
  if (options.otlpUrl !== undefined || options.only !== undefined) return undefined;
  const port = portOf(options, 'otlp');
  await assertFree(port, 'the OTLP receiver');
  return startOtlpReceiver({ port });
}

function unknownProcess(name: string): never {
  throw new Error(`the stack has no process named ${name}`);
}

/** Never resolves while the stack is being stopped. */
function firstUnexpectedEnd(
  running: readonly { name: string; process: ServerProcess }[],
  stopping: { readonly now: boolean },
): Promise<string> {
  return new Promise((resolve) => {
    for (const { name, process } of running) {
      void process.ended().then((how) => stopping.now || resolve(`${name} ended with ${how}`));
    }
  });
}
