#!/usr/bin/env node
// with-dependencies.mjs SCRIPT [ARGS…]: installs what package-lock.json says when it is not there yet, then runs SCRIPT on
// the project's own Node. Plain JavaScript without dependencies: it must run on the host's Node 20 in a fresh clone.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const stamp = join(root, 'node_modules', '.assay-installed');

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function isInstalled() {
  return existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lockDigest();
}

function install() {
  console.error('Installing dependencies (npm ci), once per lock file …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0 || !existsSync(node)) {
    console.error('npm ci failed, so nothing can run. It needs a package registry and write access to this checkout.');
    process.exit(1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lockDigest());
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error('usage: with-dependencies.mjs SCRIPT [ARGS…]');
  process.exit(2);
}
if (!isInstalled()) install();
const child = spawn(node, [join(root, script), ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}`, NX_DAEMON: 'false', NX_NO_CLOUD: 'true' },
});
// Ctrl-C reaches the whole group: the child decides when it is done.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
