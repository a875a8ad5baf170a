import { readFile, stat } from 'node:fs/promises';
import type { ChainNode } from '../../node-port.ts';

type Fields = Readonly<Record<string, unknown>>;

const LOOK_MS = 250;

/**
 * Templates from a file of getblocktemplate shape, read again when it changes: for tests and for a pool without a node
 * (01-pool section 18). The tip is what the file says; `submitblock` answers null; no block is ever in a chain.
 */
export function fixedNode(file: string, now: () => number): ChainNode {
  let kept: { readonly longpollid: string; readonly fields: Fields } | undefined;
  const fieldsNow = async (): Promise<{ readonly longpollid: string; readonly fields: Fields }> => {
    const longpollid = String((await stat(file)).mtimeMs);
    if (kept?.longpollid !== longpollid) kept = { longpollid, fields: fieldsOf(await readFile(file, 'utf8'), file) };
    return kept;
  };
  const read = async (): Promise<Fields> => {
    const { longpollid, fields } = await fieldsNow();
    // The clock of the file stands still; the time of a template does not.
    const seconds = Math.floor(now() / 1000);
    const { curtime } = fields;
    return { ...fields, longpollid, curtime: typeof curtime === 'number' ? Math.max(curtime, seconds) : seconds };
  };
  return {
    id: 'fixed',
    async template(longPoll) {
      if (longPoll !== undefined) await changed(file, longPoll);
      return read();
    },
    async bestBlockHash() {
      const { previousblockhash } = await read();
      if (typeof previousblockhash !== 'string') throw new Error(`${file} has no previousblockhash`);
      return previousblockhash;
    },
    async state() {
      const { height } = await read();
      return { height: typeof height === 'number' ? height - 1 : 0, initialDownload: false };
    },
    submitBlock: async () => 'null',
    header: async () => undefined,
    chainBlock: async () => undefined,
  };
}

/** Resolves when the file has another modification time than the one that names the template in hand. */
async function changed(
  file: string,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    if (String((await stat(file)).mtimeMs) !== id) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error('the wait for another template was ended');
}

function fieldsOf(text: string, file: string): Fields {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`${file} holds no template`);
  return value as Fields;
}
