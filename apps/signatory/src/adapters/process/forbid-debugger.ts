import { StartError } from '@assay/shared/runtime/start-error';
import { url as debuggerUrl } from 'node:inspector';

/**
 * Keeps debuggers, which read all keys, out of this process. SIGUSR1 opens the port of one in a Node process; whoever may
 * send it the signal need not be allowed more. A listener of our own takes the signal away from Node.
 * @throws StartError when a debugger is open already (`--inspect`), unless `isTolerated`
 */
export function forbidDebugger({ isTolerated }: { readonly isTolerated: boolean }): void {
  process.on('SIGUSR1', () => undefined);
  if (debuggerUrl() === undefined || isTolerated) return;
  throw new StartError({
    what: 'the signatory does not start',
    why: 'a debugger can be connected to this process and read its keys',
    remedy: 'start it without --inspect, also in NODE_OPTIONS',
  });
}
