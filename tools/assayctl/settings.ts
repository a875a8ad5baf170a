import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { metricsPortOf } from '@assay/shared/runtime/config';
import type { TlsFiles } from '@assay/shared/runtime/tls';
import { ADMIN_STEP, portOf } from '../stack/port-plan.ts';
import { runningStack, type StackState } from '../stack/state.ts';
import { UsageError } from './exit-codes.ts';

/** What a flag, `ASSAYCTL_<NAME>` or the file of settings may say, by the flag's name. */
const GIVEN = {
  mint: 'host:port of MintService',
  mintAdmin: 'host:port of MintAdminService',
  mintUrl: 'base URL of the NUT HTTP API',
  auditor: 'host:port of AuditorService',
  auditorAdmin: 'host:port of AuditorAdminService',
  pool: 'host:port of PoolService',
  signatory: 'host:port of the signatory (doctor asks for its health only)',
  nats: 'URL of NATS (doctor)',
  mongo: 'URI of MongoDB (doctor)',
  traces: 'base URL of the receiver of spans (trace)',
  cert: 'certificate (PEM) of the caller',
  key: 'its private key (PEM)',
  ca: 'authorities (PEM) of the servers',
  actor: 'who calls, where there are no certificates',
} as const;

export type SettingName = keyof typeof GIVEN;
export const SETTINGS = Object.entries(GIVEN) as readonly [SettingName, string][];
export type Given = Partial<Record<SettingName, string>>;

/** Where the services are and who asks. */
export interface Settings {
  readonly mint: string;
  readonly mintAdmin: string;
  readonly mintUrl: string;
  readonly auditor: string;
  readonly auditorAdmin: string;
  readonly pool: string;
  readonly signatory: string;
  readonly nats: string | undefined;
  readonly mongo: string | undefined;
  readonly traces: string | undefined;
  readonly tls: TlsFiles | undefined;
  readonly actor: string | undefined;
  /** The local stack that the addresses come from; undefined when none runs. */
  readonly stack: StackState | undefined;
}

const settingsFile = z.strictObject(Object.fromEntries(SETTINGS.map(([name]) => [name, z.string().min(1).optional()])));

/** What decides the settings, the first word counting: flags, environment, file, the running local stack, its defaults. */
export interface Sources {
  readonly flags: Given & { readonly config?: string; readonly data?: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @throws UsageError when a file cannot be used, or only a part of the certificate's files is named */
export function settingsOf({ flags, environment }: Sources): Settings {
  // npm runs scripts at the root, whatever directory the person is in.
  const from = environment['INIT_CWD'] ?? process.cwd();
  const file = readSettings(flags.config ?? environment['ASSAYCTL_CONFIG'], from, environment);
  const say = (name: SettingName) => flags[name] ?? (environment[variableOf(name)] || undefined) ?? file[name];
  const stack = stackMeant(flags.data ?? environment['ASSAYCTL_DATA']);
  const at = (name: Parameters<typeof portOf>[1], step = 0) =>
    `127.0.0.1:${portOf({ portBase: stack?.portBase }, name) + step}`;
  const runs = (name: string) => stack?.processes.some((process) => process.name === name) === true;
  return {
    mint: say('mint') ?? at('mintGrpc'),
    mintAdmin: say('mintAdmin') ?? adminOf(say('mint')) ?? at('mintGrpc', ADMIN_STEP),
    mintUrl: say('mintUrl') ?? `http://${at('mintHttp')}`,
    auditor: say('auditor') ?? at('auditorGrpc'),
    auditorAdmin: say('auditorAdmin') ?? adminOf(say('auditor')) ?? at('auditorGrpc', ADMIN_STEP),
    pool: say('pool') ?? at('poolGrpc'),
    signatory: say('signatory') ?? at('signatory'),
    nats: say('nats') ?? (runs('nats-server') ? `nats://${at('nats')}` : undefined),
    mongo: say('mongo') ?? (runs('mongod') ? `mongodb://${at('mongod')}/?directConnection=true` : undefined),
    traces: say('traces') ?? stack?.traces,
    tls: tlsOf(say, from),
    actor: say('actor'),
    stack,
  };
}

/** `mintAdmin` is `ASSAYCTL_MINT_ADMIN`. */
export function variableOf(name: SettingName): string {
  return `ASSAYCTL_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `host:port` with another port. */
function withPort(address: string, port: (given: number) => number): string | undefined {
  const [, host = '', given = ''] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  return host === '' ? undefined : `${host}:${port(Number(given))}`;
}

function adminOf(address: string | undefined): string | undefined {
  return address === undefined ? undefined : withPort(address, (port) => port + ADMIN_STEP);
}

/** Where the service at a gRPC address shows its health and metrics. */
export function metricsAddressOf(address: string): string | undefined {
  return withPort(address.replace(/^[a-z]+:\/+/, ''), metricsPortOf);
}

function readSettings(given: string | undefined, from: string, environment: Sources['environment']): Given {
  const usual = join(environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'assayctl', 'config.json');
  const path = given === undefined ? usual : resolve(from, given);
  if (given === undefined && !existsSync(path)) return {};
  try {
    return settingsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new UsageError(`the file of settings ${path} cannot be used: ${why}`, { cause: error });
  }
}

function tlsOf(say: (name: SettingName) => string | undefined, from: string): TlsFiles | undefined {
  const [certFile, keyFile, caFile] = (['cert', 'key', 'ca'] as const).map((name) => {
    const path = say(name);
    return path === undefined ? undefined : resolve(from, path);
  });
  if (certFile === undefined && keyFile === undefined && caFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined || caFile === undefined)
    throw new UsageError('mutual TLS needs all three of --cert, --key and --ca');
  return { certFile, keyFile, caFile };
}

/** Without a stack the default addresses count, but who names one means it. */
function stackMeant(dataDir: string | undefined): StackState | undefined {
  const stack = runningStack(dataDir);
  if (dataDir === undefined || stack !== undefined) return stack;
  throw new UsageError(`no stack runs on ${dataDir}; start one with npm start`);
}
