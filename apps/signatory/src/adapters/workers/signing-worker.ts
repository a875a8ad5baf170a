import { assertNativeCurve } from '@assay/shared/kernel/cashu-curve';
import { parentPort } from 'node:worker_threads';
import { signBlinded, verifiesProof } from '../../domain/blind-signature.ts';
import { decodeSignJobs, decodeVerifyJobs, encodeSignatures } from './batch-layout.ts';
import type { WorkerAnswer, WorkerTask } from './worker-signer.ts';

assertNativeCurve();
const port = parentPort;
port?.on('message', (task: WorkerTask) => {
  const answer = work(task);
  port.postMessage(answer, [answer.bytes.buffer]);
});

/** Private keys come with each batch and are wiped after it: a worker holds none while it waits. */
function work({ kind, bytes }: WorkerTask): WorkerAnswer {
  try {
    if (kind === 'sign') return { bytes: encodeSignatures([...decodeSignJobs(bytes)].map(signBlinded)) };
    return { bytes: Uint8Array.of([...decodeVerifyJobs(bytes)].every(verifiesProof) ? 1 : 0) };
  } finally {
    bytes.fill(0);
  }
}
