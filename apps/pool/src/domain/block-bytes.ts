import { type Bytes, concat } from '@assay/shared/kernel/bytes';
import { compactSize } from './coinbase.ts';
import type { Template } from './template.ts';

const MARKER_AND_FLAG = Uint8Array.of(0, 1);
/** One witness item of 32 zero bytes, as the commitment demands. */
const COINBASE_WITNESS = concat(Uint8Array.of(1, 32), new Uint8Array(32));
const VERSION_BYTES = 4;
const LOCK_TIME_BYTES = 4;

/** A whole block as nodes take it. @param header 80 bytes @param extranonce 12 bytes @param body of the template */
export function blockBytes(template: Template, header: Bytes, extranonce: Bytes, body: Bytes): Bytes {
  return concat(header, compactSize(template.txCount + 1), coinbaseInBlock(template, extranonce), body);
}

/** The coinbase with marker, flag and witness when it carries the commitment. */
function coinbaseInBlock(template: Template, extranonce: Bytes): Bytes {
  const { coinbasePrefix, coinbaseSuffix } = template;
  if (!template.hasWitnessCommitment) return concat(coinbasePrefix, extranonce, coinbaseSuffix);
  const end = coinbaseSuffix.length - LOCK_TIME_BYTES;
  return concat(
    coinbasePrefix.subarray(0, VERSION_BYTES),
    MARKER_AND_FLAG,
    coinbasePrefix.subarray(VERSION_BYTES),
    extranonce,
    coinbaseSuffix.subarray(0, end),
    COINBASE_WITNESS,
    coinbaseSuffix.subarray(end),
  );
}
