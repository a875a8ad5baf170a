import { parentPort, workerData } from 'node:worker_threads';
import { present } from '@assay/shared/kernel/assert';
import { schnorrSign } from '@assay/shared/kernel/schnorr';

// Runs in the worker thread: digests in, signatures out, in the same order.

const port = present(parentPort, 'port of the signing thread');
const secret = Uint8Array.from(workerData as Uint8Array);

port.on('message', (digest: Uint8Array) => port.postMessage(schnorrSign(digest, secret)));
