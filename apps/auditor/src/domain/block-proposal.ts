import { assert } from '@assay/shared/kernel/assert';
import { type Bytes, concat, u32le } from '@assay/shared/kernel/bytes';
import { doubleSha256 } from '@assay/shared/kernel/hash';
import { decodeCoinbase } from './check-coinbase.ts';
import { witnessCommitment } from './check-template.ts';
import { foldBranch, type Template, zeroCoinbaseOf } from './template.ts';

const MARKER_AND_FLAG = Uint8Array.of(0, 1);
const ONE_ITEM_OF_32_ZEROS = concat(Uint8Array.of(1, 32), new Uint8Array(32));

/**
 * The block that nodes are asked about: nonce 0, the earliest allowed time so that every allowed one is covered, the
 * coinbase with zero extranonce (02-auditor section 4.2). Only for templates whose structure is sound.
 */
export function blockProposal(template: Template, body: Bytes): Bytes {
  const coinbase = zeroCoinbaseOf(template);
  const root = foldBranch(doubleSha256(coinbase), template.merkleBranch);
  const header = concat(
    u32le(template.version),
    template.prevHash,
    root,
    u32le(template.minNtime),
    u32le(template.bits),
    u32le(0),
  );
  return concat(header, compactSize(template.txCount + 1), withWitness(template, coinbase), body);
}

/** Without this witness nodes answer `bad-witness-nonce-size` wherever there is a commitment. */
function withWitness(template: Template, coinbase: Bytes): Bytes {
  const decoded = decodeCoinbase(template);
  assert(decoded !== undefined, 'a proposal is made of a sound coinbase');
  if (witnessCommitment(decoded) === undefined) return coinbase;
  const lockTimeAt = coinbase.length - 4;
  const [version, between] = [coinbase.subarray(0, 4), coinbase.subarray(4, lockTimeAt)];
  return concat(version, MARKER_AND_FLAG, between, ONE_ITEM_OF_32_ZEROS, coinbase.subarray(lockTimeAt));
}

function compactSize(value: number): Bytes {
  if (value < 0xfd) return Uint8Array.of(value);
  if (value <= 0xffff) return Uint8Array.of(0xfd, value & 0xff, value >>> 8);
  return concat(Uint8Array.of(0xfe), u32le(value));
}
