import { assert } from '@assay/shared/kernel/assert';
import type { BlindSignature, SignJob, VerifyJob } from '../../domain/blind-signature.ts';

// Batches cross to a worker and back as one buffer each: cloning an object per point costs more than its signature.

const SIGN_JOB_BYTES = 32 + 65 + 65;
const SIGNATURE_BYTES = 33 + 32 + 32;
const VERIFY_HEAD_BYTES = 32 + 33 + 4;

/** n × (k 32 ‖ A 65 ‖ B_ 65). */
export function encodeSignJobs(jobs: readonly SignJob[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(jobs.length * SIGN_JOB_BYTES);
  jobs.forEach((job, at) => {
    assert(job.blindedMessage.length === 65, 'points cross uncompressed');
    const start = at * SIGN_JOB_BYTES;
    out.set(job.secretKey, start);
    out.set(job.publicKey, start + 32);
    out.set(job.blindedMessage, start + 97);
  });
  return out;
}

export function* decodeSignJobs(bytes: Uint8Array): Iterable<SignJob> {
  assert(bytes.length % SIGN_JOB_BYTES === 0, 'a batch of sign jobs was cut');
  for (let at = 0; at < bytes.length; at += SIGN_JOB_BYTES) {
    yield {
      secretKey: bytes.subarray(at, at + 32),
      publicKey: bytes.subarray(at + 32, at + 97),
      blindedMessage: bytes.subarray(at + 97, at + SIGN_JOB_BYTES),
    };
  }
}

/** n × (C_ 33 ‖ e 32 ‖ s 32). */
export function encodeSignatures(signatures: readonly BlindSignature[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(signatures.length * SIGNATURE_BYTES);
  signatures.forEach(({ blindSignature, e, s }, at) => {
    out.set(blindSignature, at * SIGNATURE_BYTES);
    out.set(e, at * SIGNATURE_BYTES + 33);
    out.set(s, at * SIGNATURE_BYTES + 65);
  });
  return out;
}

export function decodeSignatures(bytes: Uint8Array): BlindSignature[] {
  assert(bytes.length % SIGNATURE_BYTES === 0, 'a batch of signatures was cut');
  return Array.from({ length: bytes.length / SIGNATURE_BYTES }, (_, at) => {
    const start = at * SIGNATURE_BYTES;
    return {
      blindSignature: bytes.subarray(start, start + 33),
      e: bytes.subarray(start + 33, start + 65),
      s: bytes.subarray(start + 65, start + SIGNATURE_BYTES),
    };
  });
}

/** n × (k 32 ‖ C 33 ‖ u32(length) ‖ secret). */
export function encodeVerifyJobs(jobs: readonly VerifyJob[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(jobs.reduce((sum, { secret }) => sum + VERIFY_HEAD_BYTES + secret.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { secretKey, signature, secret } of jobs) {
    out.set(secretKey, at);
    out.set(signature, at + 32);
    view.setUint32(at + 65, secret.length);
    out.set(secret, at + VERIFY_HEAD_BYTES);
    at += VERIFY_HEAD_BYTES + secret.length;
  }
  return out;
}

export function* decodeVerifyJobs(bytes: Uint8Array): Iterable<VerifyJob> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const end = at + VERIFY_HEAD_BYTES + view.getUint32(at + 65);
    assert(end <= bytes.length, 'a batch of verify jobs was cut');
    yield {
      secretKey: bytes.subarray(at, at + 32),
      signature: bytes.subarray(at + 32, at + 65),
      secret: bytes.subarray(at + VERIFY_HEAD_BYTES, end),
    };
    at = end;
  }
}
