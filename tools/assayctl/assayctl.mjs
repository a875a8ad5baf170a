#!/usr/bin/env node
// assayctl [ARGS…] from any directory, on the project's own Node. Plain JavaScript: it must run on the host's Node 20.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const node = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
const main = fileURLToPath(new URL('main.ts', import.meta.url));
if (!existsSync(node)) {
  console.error('assayctl: the dependencies are not installed; run `npm ci` in the checkout');
  process.exit(1);
}
const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The child decides when it is done; Ctrl-C, which reaches the whole group, it may hear twice.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
