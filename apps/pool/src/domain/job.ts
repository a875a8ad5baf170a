import { type Bytes, reversed, toHex, u32 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { K_LOWEST, targetOf } from './difficulty.ts';
import type { Template } from './template.ts';

/** Work of one template at one difficulty; one notify line serves all connections that have it. */
export interface Job {
  /** 8 hex: 6 of a counter, 2 of k + 32. */
  readonly id: string;
  readonly template: Template;
  readonly k: number;
  /** target(k), 32 bytes big-endian. */
  readonly target: Bytes;
  /** Seconds. */
  readonly ntime: number;
}

/** A job as one connection was sent it. */
export interface SentJob {
  readonly job: Job;
  /** The connection's prefix at that moment, 4 bytes. */
  readonly extranoncePrefix: Bytes;
  /** What configure had agreed ∩ the template's mask; 0 without configure. */
  readonly versionMask: number;
  readonly sentAt: UnixMs;
}

/** @param counter one step per template or refresh; its lowest 24 bits name the job */
export function createJob(template: Template, k: number, counter: number, ntime: number): Job {
  return { id: jobIdOf(counter, k), template, k, target: targetOf(k), ntime };
}

function jobIdOf(counter: number, k: number): string {
  return toHex(u32((((counter & 0xff_ffff) << 8) | (k - K_LOWEST)) >>> 0));
}

/** Job ntime in seconds = max(min_ntime, curtime + whole seconds since the template was fetched). */
export function jobNtime(template: Template, curtime: number, fetchedAt: UnixMs, now: UnixMs): number {
  return Math.max(template.minNtime, curtime + Math.floor(Math.max(0, now - fetchedAt) / 1000));
}

export type NotifyParams = readonly [
  string,
  string,
  string,
  string,
  readonly string[],
  string,
  string,
  string,
  boolean,
];

/** Params of `mining.notify` (01-pool section 8). */
export function notifyParams(job: Job, clean: boolean): NotifyParams {
  const { template } = job;
  return [
    job.id,
    toHex(wordsReversed(template.prevHash)),
    toHex(template.coinbasePrefix),
    toHex(template.coinbaseSuffix),
    template.merkleBranch.map(toHex),
    toHex(u32(template.version)),
    toHex(u32(template.bits)),
    toHex(u32(job.ntime)),
    clean,
  ];
}

/** Each 4-byte word reversed: the order in which Stratum sends prev_hash. */
function wordsReversed(bytes: Bytes): Bytes {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += 4) out.set(reversed(bytes.subarray(at, at + 4)), at);
  return out;
}
