import { type Bytes, concat, lp, u8, u16, u32, utf8 } from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';

const TEMPLATE_TAG = utf8('assay/template/v1');

/** Who made a template: the pool itself, or a miner who declared it. */
export const SOURCE_POOL = 1;
export const SOURCE_DECLARED = 2;

/** A block template as it was declared; hashes in internal byte order (02-auditor section 2.3). */
export interface Template {
  readonly templateId: Bytes;
  readonly poolId: string;
  readonly source: number;
  /** 33 bytes, or empty for a template of the pool. */
  readonly declaredBy: Bytes;
  readonly version: number;
  readonly versionMask: number;
  readonly prevHash: Bytes;
  readonly bits: number;
  readonly height: number;
  /** Seconds. */
  readonly minNtime: number;
  readonly coinbasePrefix: Bytes;
  readonly coinbaseSuffix: Bytes;
  readonly extranonceSize: number;
  readonly extranoncePrefixSize: number;
  readonly merkleBranch: readonly Bytes[];
  readonly txCount: number;
  readonly bodyBytes: bigint;
  readonly bodyHash: Bytes;
}

/** Whether the fields have the widths that the layout of the id gives them. */
export function fitsLayout(template: Template): boolean {
  const hashes = [template.templateId, template.prevHash, ...template.merkleBranch];
  return (
    hashes.every((hash) => hash.length === 32) &&
    (template.source === SOURCE_POOL || template.source === SOURCE_DECLARED) &&
    template.extranonceSize <= 0xff &&
    template.extranoncePrefixSize <= 0xff &&
    template.merkleBranch.length <= 0xffff
  );
}

/** Id that follows from the content of a template that `fitsLayout`. */
export function templateIdOf(template: Template): Bytes {
  return sha256(
    concat(
      TEMPLATE_TAG,
      lp(template.poolId),
      u8(template.source),
      u32(template.version),
      u32(template.versionMask),
      template.prevHash,
      u32(template.bits),
      u32(template.height),
      u32(template.minNtime),
      lp(template.coinbasePrefix),
      lp(template.coinbaseSuffix),
      u8(template.extranonceSize),
      u8(template.extranoncePrefixSize),
      u16(template.merkleBranch.length),
      ...template.merkleBranch,
    ),
  );
}

/** The coinbase transaction without witness. */
export function coinbaseOf(template: Template, extranonce: Bytes): Bytes {
  return concat(template.coinbasePrefix, extranonce, template.coinbaseSuffix);
}

/** The coinbase as it is judged: with an extranonce of zeros. */
export function zeroCoinbaseOf(template: Template): Bytes {
  return coinbaseOf(template, new Uint8Array(template.extranonceSize));
}

/** Merkle root of the block whose coinbase has this double hash: h = dsha(h ‖ b) for each b of the branch. */
export function foldBranch(coinbaseHash: Bytes, branch: readonly Bytes[]): Bytes {
  const pair = new Uint8Array(64);
  let hash = coinbaseHash;
  for (const sibling of branch) {
    pair.set(hash, 0);
    pair.set(sibling, 32);
    hash = doubleSha256(pair);
  }
  return hash;
}
