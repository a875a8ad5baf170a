import { readFileSync } from 'node:fs';
import { concat, fromHex, reversed, utf8 } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';
import { type LockingKey, parseLockingKey, type PoolId } from '@assay/shared/kernel/ids';
import { buildTemplate } from '../src/domain/build-template.ts';
import { createJob, type SentJob } from '../src/domain/job.ts';
import { type AcceptedShare, SHARE_RECORD } from '../src/domain/share.ts';
import type { Template } from '../src/domain/template.ts';

export function readVector<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../vectors/work/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** `vectors/work/pool-job-and-shares.json` */
export interface JobVector {
  poolId: string;
  template: {
    height: number;
    bits: string;
    version: string;
    versionMask: string;
    minNtime: number;
    prevDisplay: string;
    tag: string;
    coinbaseValue: string;
    payouts: { script: string; ppm: number }[];
    commitmentScript: string;
    txids: string[];
  };
  coinbasePrefix: string;
  coinbaseSuffix: string;
  merkleBranch: string[];
  templateId: string;
  notifyPrevHash: string;
  extranoncePrefix: string;
  k: number;
  difficulty: string;
  target: string;
  work: string;
  shares: {
    name: string;
    extranonce2: string;
    ntime: string;
    nonce: string;
    versionBits: string;
    header80: string;
    displayHash: string;
  }[];
}

export const JOB_VECTOR = readVector<JobVector>('pool-job-and-shares');
export const POOL_ID = JOB_VECTOR.poolId as PoolId;
export const LOCKING_KEY = keyOf('02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5');
export const OTHER_KEY = keyOf('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

function keyOf(hex: string): LockingKey {
  const key = parseLockingKey(hex);
  if (!key.ok) throw new Error('not a key of the tests');
  return key.value;
}

/** The template of example A1. */
export function knownTemplate(): Template {
  const { template: fields } = JOB_VECTOR;
  const built = buildTemplate(
    {
      version: Number(`0x${fields.version}`),
      prevHash: reversed(fromHex(fields.prevDisplay)),
      bits: Number(`0x${fields.bits}`),
      height: fields.height,
      minTime: fields.minNtime,
      curTime: fields.minNtime,
      coinbaseValue: BigInt(fields.coinbaseValue),
      txids: fields.txids.map(fromHex),
      body: new Uint8Array(0),
      witnessCommitment: fromHex(fields.commitmentScript),
      longPollId: undefined,
      rules: [],
    },
    {
      poolId: POOL_ID,
      versionMask: Number(`0x${fields.versionMask}`),
      payouts: fields.payouts.map(({ script, ppm }) => ({ script: fromHex(script), ppm })),
      coinbaseTag: utf8(fields.tag),
    },
    unixMs(fields.minNtime * 1000),
  );
  if (!built.ok) throw new Error('the template of the tests is not one');
  return built.value.template;
}

/** A job of that template as a connection was sent it. */
export function sentJob(k: number, counter = 1, sentAt = unixMs(JOB_VECTOR.template.minNtime * 1000)): SentJob {
  const template = knownTemplate();
  return {
    job: createJob(template, k, counter, template.minNtime),
    extranoncePrefix: fromHex(JOB_VECTOR.extranoncePrefix),
    versionMask: template.versionMask,
    sentAt,
  };
}

/** A share that no one worked for: whatever judges work would refuse it, whatever stores it cannot tell. */
export function madeUpShare(options: {
  readonly seed: string;
  readonly template?: Template;
  readonly lockingKey?: LockingKey;
  readonly k?: number;
  readonly acceptedAt?: number;
}): AcceptedShare {
  const { seed, template = TEMPLATE, lockingKey = LOCKING_KEY, k = -8, acceptedAt = 1_795_227_100_000 } = options;
  const header = concat(sha256(utf8(seed)), sha256(utf8(`${seed}'`)), new Uint8Array(16));
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(acceptedAt));
  const record = concat(header, new Uint8Array(SHARE_RECORD.extranonceBytes), time);
  const worker = { lockingKey, name: 'default' };
  return { worker, template, k, record, hash: doubleSha256(header), acceptedAt: unixMs(acceptedAt) };
}

const TEMPLATE = knownTemplate();
