import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(ROOT, 'node_modules/.bin');
const PROTO = join(ROOT, 'libs/proto');

export interface CheckStep {
  readonly name: string;
  /** What to do when it fails. */
  readonly remedy: string;
  readonly run: () => Promise<void>;
}

/** Everything that `npm run check` holds the tree to. */
export const CHECK_STEPS: readonly CheckStep[] = [
  { name: 'types', remedy: 'mend the types', run: () => tool('tsc', ['-p', 'tsconfig.json']) },
  { name: 'lint', remedy: 'npx eslint . --fix, then by hand', run: () => tool('eslint', ['.', '--max-warnings', '0']) },
  { name: 'format', remedy: 'npm run format', run: () => tool('prettier', ['--check', '--log-level', 'warn', '.']) },
  { name: 'tidy', remedy: 'mend the named line', run: () => execute(process.execPath, ['tools/tidy/main.ts']) },
  { name: 'contracts lint', remedy: 'mend the proto', run: () => tool('buf', ['lint'], PROTO) },
  {
    name: 'contracts compatible',
    remedy: 'add fields, never change or reuse them; npm run contracts:baseline only for an intended break',
    run: () => tool('buf', ['breaking', '--against', 'baseline.binpb'], PROTO),
  },
  { name: 'generated code up to date', remedy: 'npm run contracts', run: generatedCodeIsCurrent },
  {
    name: 'configuration tables up to date',
    remedy: 'npm run docs:config',
    run: () => execute(process.execPath, ['tools/config-tables/main.ts', '--check']),
  },
  {
    name: 'lock file complete',
    remedy: 'node tools/lock/complete-lock.mjs package-lock.json --fix',
    run: () => execute(process.execPath, ['tools/lock/complete-lock.mjs', 'package-lock.json']),
  },
];

async function generatedCodeIsCurrent(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'assay-contracts-'));
  try {
    await tool('buf', ['build', '-o', join(scratch, 'descriptors.binpb')], PROTO);
    await execute('cmp', [join(scratch, 'descriptors.binpb'), join(PROTO, 'descriptors.binpb')]);
    await tool('buf', ['generate', '-o', scratch], PROTO);
    await execute('diff', ['-r', join(scratch, 'src/gen'), join(PROTO, 'src/gen')]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function tool(name: string, args: readonly string[], folder = ROOT): Promise<void> {
  return execute(join(BIN, name), args, folder);
}

function execute(program: string, args: readonly string[], folder = ROOT): Promise<void> {
  const env = { ...process.env, PATH: `${BIN}:${process.env['PATH'] ?? ''}` };
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { cwd: folder, env, maxBuffer: 64 * 1_048_576 }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${stdout}${stderr}`.trim() || error.message));
    });
  });
}
