import { runAssayctl } from '../command-line.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line as a person would, without this person's own settings. */
export async function runLine(
  argv: readonly string[],
  { environment = {}, signal, onOut }: RunOptions = {},
): Promise<Ran> {
  const texts = { out: '', err: '' };
  const code = await runAssayctl(argv, {
    out: (text) => {
      texts.out += text;
      onOut?.(texts.out);
    },
    err: (text) => void (texts.err += text),
    isTerminal: false,
    environment: { XDG_CONFIG_HOME: '/nonexistent', ...environment },
    signal: signal ?? new AbortController().signal,
  });
  return { code, ...texts };
}

interface RunOptions {
  readonly environment?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** Told all that was written so far. */
  readonly onOut?: (text: string) => void;
}
