import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a program of its own process does on request; arguments and answers are copied between processes. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

export interface Program<C extends Calls> {
  readonly pid: number;
  /** Rejects with the fault of the call, or when the process ends. */
  call<N extends keyof C & string>(name: N, ...argument: Parameters<C[N]>): Promise<Awaited<ReturnType<C[N]>>>;
  stop(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly fault?: string;
}

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** Starts a program beside this file: load must not share a core's thread with whoever measures it. */
export async function startProgram<C extends Calls>(file: string): Promise<Program<C>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { serialization: 'advanced' });
  const waiting = new Map<number, (answer: Answer) => void>();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.on('message', (message) => {
    const answer = message as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.once('exit', (code) => {
    for (const [id, answer] of waiting) answer({ id, fault: `${file} ended with ${code}` });
  });
  let lastId = 0;
  return {
    pid: child.pid ?? -1,
    call: async (name, ...[argument]) => {
      const id = (lastId += 1);
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      child.send({ id, name, argument } satisfies Request);
      const { value, fault } = await answered;
      if (fault !== undefined) throw new Error(fault);
      return value as never;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The other side: answers calls until the parent lets go. */
export function serveProgram(calls: Calls): void {
  const answer = (message: Answer) => process.send?.(message);
  process.on('message', (message) => {
    const { id, name, argument } = message as Request;
    const call = calls[name];
    Promise.resolve()
      .then(() => call?.(argument as never))
      .then((value) => answer({ id, value }))
      .catch((error: unknown) => answer({ id, fault: error instanceof Error ? (error.stack ?? error.message) : '' }));
  });
  process.once('disconnect', () => process.exit(0));
}
