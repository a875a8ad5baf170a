import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '@assay/testkit/find-server';

/** `npm start -- …` as a process of its own. */
export interface StackCommand {
  readonly child: ChildProcess;
  /** All that it said so far. */
  output(): string;
}

export function stackCommand(args: readonly string[]): StackCommand {
  const program = join(ROOT, 'tools/stack/main.ts');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text };
}
