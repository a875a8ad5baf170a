import type { Command } from 'commander';
import type { Connections } from './connections.ts';
import type { Output } from './output.ts';

/** What a command works with. */
export interface Session {
  readonly connections: Connections;
  readonly output: Output;
  /** Aborts when the person has had enough. */
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly coloured: boolean;
}

/** Runs the work of one command of the command line. */
export type Run = (command: Command, work: (session: Session) => Promise<void>) => Promise<void>;
