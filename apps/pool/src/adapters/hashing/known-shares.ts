import { concat, fromHex, reversed, toHex, u32, type Bytes } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import type { PoolId } from '@assay/shared/kernel/ids';
import { createJob, type Job } from '../../domain/job.ts';
import type { Template } from '../../domain/template.ts';

/** A share with the header and the hash that every hasher must find for it. */
export interface KnownShare {
  readonly job: Job;
  readonly extranonce: Bytes;
  readonly ntime: number;
  readonly nonce: number;
  readonly version: number;
  /** 160 hex. */
  readonly header: string;
  /** As hashed. */
  readonly hash: Bytes;
}

// The shares S1, S2 and S3 of 01-pool section 19, A1.

const PREFIX = fromHex('00400001');
const COINBASE_PREFIX = '0200000001'.padEnd(74, '0') + 'ffffffff190341d10c0c';
const COINBASE_SUFFIX =
  '072f61737361792fffffffff03d6df701200000000160014482a532f430ddf94cbb1512d0fa53056bc75524f83af2f00000000002251' +
  '2079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817980000000000000000266a24aa21a9ed9505cacb7c71' +
  '0ed17125fcc6cb3669e8ddca6c8cd8af6a31f6b3cd64604c309800000000';
const NO_HASH = new Uint8Array(32);
const PREV_HASH = reversed(fromHex('000000000000000000011a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f'));
const TEMPLATE: Template = {
  id: 'ab0f5618ae5b5d31240aa108aee4b18a407e82eb0adcdf0e9c816ac0e75ba642',
  poolId: 'pool-1' as PoolId,
  version: 0x20000000,
  versionMask: 0x1fffe000,
  prevHash: PREV_HASH,
  prevHashHex: toHex(PREV_HASH),
  bits: 0x17034219,
  networkTarget: NO_HASH,
  height: 840_001,
  minNtime: 1_795_227_000,
  coinbasePrefix: fromHex(COINBASE_PREFIX),
  coinbaseSuffix: fromHex(COINBASE_SUFFIX),
  merkleBranch: [
    fromHex('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'),
    fromHex('de8d9785783c6686fe29c5a453ed3c33e93e69f0d6a39edee42ba24418d10735'),
  ],
  txCount: 3,
  bodyBytes: 0,
  bodyHash: NO_HASH,
  hasWitnessCommitment: true,
  coinbaseValue: 312_512_345n,
  declaredAt: unixMs(0),
};
const JOB: Job = createJob(TEMPLATE, -8, 1, TEMPLATE.minNtime);

function known(counter: number, ntime: number, nonce: number, version: number, header: string, display: string) {
  const extranonce = concat(PREFIX, u32(0), u32(counter));
  return { job: JOB, extranonce, ntime, nonce, version, header, hash: reversed(fromHex(display)) };
}

export const KNOWN_SHARES: readonly KnownShare[] = [
  known(
    ...([1, 0x6b00ffd0, 0x0016f4ae, 0x20000000] as const),
    '000000206f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a010000000000000000005af5ea634a93521ea5824a57d58a96b9eaa7dbbea21ca1b74849575e73721d4ad0ff006b19420317aef41600',
    '000000be9296817d50641cd8abf46935834541958ac358392b1a23b2fccb0204',
  ),
  known(
    ...([2, 0x6b00ffd1, 0x0083c7db, 0x20002000] as const),
    '002000206f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0100000000000000000060919be17fafe5a926cae9249b39ebc885460911079b6bd45d2e2b18fa1cca64d1ff006b19420317dbc78300',
    '000000b767753bcabd5c73958dc7610e3a17870ff054f2af191090cdbda53dc4',
  ),
  known(
    ...([3, 0x6b00ffd5, 0x009014de, 0x3fffe000] as const),
    '00e0ff3f6f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a010000000000000000007ed7a2a4dc358379b9a945fe7e2a017beea8436d038fa717f860d9391187b02cd5ff006b19420317de149000',
    '0000004f8616a0a201e097127c0638730724db71feb3b26f2ea1e6c17d9f49b3',
  ),
];
