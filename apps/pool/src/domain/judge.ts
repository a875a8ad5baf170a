import type { Bytes } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Job, SentJob } from './job.ts';
import { SHARE_RECORD, type AcceptedShare, type ShareRefusal, type Worker } from './share.ts';
import { readHex, readHexInto } from './submit-params.ts';
import { EXTRANONCE_PREFIX_BYTES } from './template.ts';

/** The chain tip as this instance knows it: hashes are 64 hex of the internal byte order. */
export interface Tip {
  readonly prevHash: string;
  readonly before?: string;
  readonly changedAt: UnixMs;
}

/** What the judge knows of the connection that submits. */
export interface JudgeConnection {
  readonly subscribed: boolean;
  /** The worker that this username was authorized as on this connection, compared as key + worker. */
  worker(username: string): Worker | undefined;
  /** The job as it was sent on this connection, whatever its age. */
  sentJob(jobId: string): SentJob | undefined;
}

/** What the judge knows of the pool at this instant. */
export interface JudgeContext {
  readonly now: UnixMs;
  readonly tip: Tip;
  /** False when no template is younger than POOL_TEMPLATE_MAX_AGE_MS: shares are then `stale`. */
  readonly freshTemplate: boolean;
  isInvalid(templateId: string): boolean;
  /** Whether the hash is in the local set of its prev_hash. */
  isSeen(hash: Bytes): boolean;
  /** Shares that wait for the store. */
  readonly pendingShares: number;
  hashShare(job: Job, extranonce: Bytes, ntime: number, nonce: number, version: number, header: Bytes): Bytes;
}

export interface JudgeRules {
  readonly jobTtlMs: number;
  readonly staleGraceMs: number;
  readonly ntimeAheadS: number;
  readonly maxPendingShares: number;
}

/** A share that could be hashed (J1–J6 passed), whatever came of it. */
export interface HashedShare {
  readonly worker: Worker;
  readonly job: Job;
  readonly record: Bytes;
  readonly hash: Bytes;
  /** J7: hash ≤ network target; to be submitted also when the share is refused. */
  readonly candidate: boolean;
}

export type Judgement =
  | { readonly accepted: true; readonly share: AcceptedShare; readonly hashed: HashedShare }
  | {
      readonly accepted: false;
      readonly reason: ShareRefusal;
      readonly worker?: Worker;
      readonly hashed?: HashedShare;
    };

interface Submit {
  readonly sent: SentJob;
  readonly worker: Worker;
  readonly record: Bytes;
  readonly ntime: number;
  readonly nonce: number;
  readonly versionBits: number;
}

/** J1–J14 of 01-pool section 7, in that order. @param params of `mining.submit`, as parsed from JSON */
export function judgeShare(
  context: JudgeContext,
  rules: JudgeRules,
  connection: JudgeConnection,
  params: readonly unknown[],
): Judgement {
  if (!connection.subscribed) return { accepted: false, reason: 'not-subscribed' };
  const submit = readSubmit(context, rules, connection, params);
  if ('accepted' in submit) return submit;
  const hashed = hash(context, submit);
  const reason = refusalOf(context, rules, submit, hashed);
  if (reason !== undefined) return { accepted: false, reason, worker: submit.worker, hashed };
  return { accepted: true, share: acceptedShare(context, hashed), hashed };
}

/** J2–J5. */
function readSubmit(
  context: JudgeContext,
  rules: JudgeRules,
  connection: JudgeConnection,
  params: readonly unknown[],
): Submit | Extract<Judgement, { accepted: false }> {
  const [username, jobId, extranonce2, ntimeHex, nonceHex, bitsHex = '00000000'] = params;
  const record = Buffer.allocUnsafe(SHARE_RECORD.bytes);
  const ntime = readHex(ntimeHex);
  const nonce = readHex(nonceHex);
  const versionBits = readHex(bitsHex);
  const wellFormed =
    (params.length === 5 || params.length === 6) &&
    readHexInto(extranonce2, record, SHARE_RECORD.headerBytes + EXTRANONCE_PREFIX_BYTES, 8);
  if (!wellFormed || ntime < 0 || nonce < 0 || versionBits < 0) return { accepted: false, reason: 'malformed' };
  if (typeof username !== 'string' || typeof jobId !== 'string') return { accepted: false, reason: 'malformed' };

  const worker = connection.worker(username);
  if (worker === undefined) return { accepted: false, reason: 'unauthorized' };
  const sent = connection.sentJob(jobId);
  if (sent === undefined || context.now >= sent.sentAt + rules.jobTtlMs) {
    return { accepted: false, reason: 'job-not-found', worker };
  }
  if ((versionBits & ~sent.versionMask) !== 0) return { accepted: false, reason: 'version-bits', worker };
  record.set(sent.extranoncePrefix, SHARE_RECORD.headerBytes);
  return { sent, worker, record, ntime, nonce, versionBits };
}

/** J6 and J7. */
function hash(context: JudgeContext, submit: Submit): HashedShare {
  const { job, versionMask } = submit.sent;
  const { record, worker } = submit;
  const version = ((job.template.version & ~versionMask) | submit.versionBits) >>> 0;
  const extranonce = record.subarray(SHARE_RECORD.headerBytes, SHARE_RECORD.acceptedAt);
  const digest = context.hashShare(job, extranonce, submit.ntime, submit.nonce, version, record);
  return { worker, job, record, hash: digest, candidate: meetsTarget(digest, job.template.networkTarget) };
}

/** J8–J14. */
function refusalOf(
  context: JudgeContext,
  rules: JudgeRules,
  submit: Submit,
  hashed: HashedShare,
): ShareRefusal | undefined {
  const { template, target } = hashed.job;
  if (context.isInvalid(template.id)) return 'template-invalid';
  if (!context.freshTemplate || !isCurrent(context, rules, template.prevHashHex)) return 'stale';
  if (submit.ntime < template.minNtime) return 'ntime-too-old';
  if (submit.ntime > Math.floor(context.now / 1000) + rules.ntimeAheadS) return 'ntime-too-new';
  if (!meetsTarget(hashed.hash, target)) return 'low-difficulty';
  if (context.isSeen(hashed.hash)) return 'duplicate';
  return context.pendingShares >= rules.maxPendingShares ? 'overloaded' : undefined;
}

/** J9: only the last tip has a grace; at its end the tip change wins. */
function isCurrent(context: JudgeContext, rules: JudgeRules, prevHash: string): boolean {
  const { tip, now } = context;
  if (prevHash === tip.prevHash) return true;
  return prevHash === tip.before && now < tip.changedAt + rules.staleGraceMs;
}

function acceptedShare(context: JudgeContext, hashed: HashedShare): AcceptedShare {
  const { record, worker, job } = hashed;
  const at = context.now;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  view.setUint32(SHARE_RECORD.acceptedAt, Math.floor(at / 2 ** 32));
  view.setUint32(SHARE_RECORD.acceptedAt + 4, at >>> 0);
  return { worker, template: job.template, k: job.k, record, hash: hashed.hash, acceptedAt: at };
}

/** Whether a hash (as hashed, little-endian number) is at most the target (big-endian), without bigints. */
function meetsTarget(hash: Bytes, target: Bytes): boolean {
  for (let index = 0; index < 32; index += 1) {
    const digit = hash[31 - index] ?? 0;
    const limit = target[index] ?? 0;
    if (digit !== limit) return digit < limit;
  }
  return true;
}
