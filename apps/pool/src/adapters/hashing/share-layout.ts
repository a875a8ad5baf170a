import { type Bytes, concat } from '@assay/shared/kernel/bytes';
import { EXTRANONCE_BYTES, type Template } from '../../domain/template.ts';

/** The coinbase with room for the extranonce behind its prefix. */
export function layCoinbase({ coinbasePrefix, coinbaseSuffix }: Template): Bytes {
  return concat(coinbasePrefix, new Uint8Array(EXTRANONCE_BYTES), coinbaseSuffix);
}

/** All of header80 but the merkle root at 36. */
export function writeHeader(header: Buffer, template: Template, ntime: number, nonce: number, version: number): void {
  header.writeUInt32LE(version >>> 0, 0);
  header.set(template.prevHash, 4);
  header.writeUInt32LE(ntime, 68);
  header.writeUInt32LE(template.bits, 72);
  header.writeUInt32LE(nonce, 76);
}
