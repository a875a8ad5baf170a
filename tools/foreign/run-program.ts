import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

/** Runs a program to its end, shows what it says and keeps it. What it inherits of the environment is all of ours, and `env`. */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ended> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      to.write(chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
