import { Worker } from 'node:worker_threads';
import type { Bytes } from '@assay/shared/kernel/bytes';
import { assertNativeCurve } from '@assay/shared/kernel/cashu-curve';
import type { PoolSigner } from '../../ports.ts';

export interface ThreadSigner extends PoolSigner {
  close(): Promise<void>;
}

interface Waiting {
  resolve(signature: Bytes): void;
  reject(fault: unknown): void;
}

/**
 * Signs with the pool key in a worker thread, so that no share waits for a signature.
 * Signatures are deterministic: a batch that is sealed again after a crash has the same bytes.
 * @param secret 32 bytes; the caller may wipe its copy
 * @param onFault the thread has ended: nothing can be sealed any more
 * @throws when curves would be computed in JavaScript
 */
export function startSigner(secret: Bytes, onFault: (fault: unknown) => void): ThreadSigner {
  assertNativeCurve();
  const thread = new Worker(new URL('./signing-thread.ts', import.meta.url), { workerData: Uint8Array.from(secret) });
  const waiting: Waiting[] = [];
  let ended: Error | undefined;

  const end = (fault: Error): void => {
    if (ended !== undefined) return;
    ended = fault;
    for (const { reject } of waiting.splice(0)) reject(fault);
  };
  thread.on('message', (signature: Uint8Array) => waiting.shift()?.resolve(signature));
  thread.on('error', (cause) => {
    end(new Error('the signing thread failed', { cause }));
    onFault(ended);
  });
  thread.unref();
  return {
    sign: (digest) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        waiting.push({ resolve, reject });
        thread.postMessage(Uint8Array.from(digest));
      }),
    async close() {
      end(new Error('the signing thread was closed'));
      await thread.terminate();
    },
  };
}
