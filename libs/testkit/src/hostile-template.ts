import { randomBytes } from 'node:crypto';
import type { TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import {
  type Bytes,
  concat,
  fromHex,
  lp,
  reversed,
  toHex,
  u8,
  u16,
  u32,
  u32le,
  u64,
  utf8,
} from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';

/** What a template is made of; everything can be wrong. */
export interface TemplateParts {
  poolId: string;
  /** 1 POOL, 2 DECLARED */
  source: 1 | 2;
  declaredBy: Bytes;
  version: number;
  versionMask: number;
  /** Internal byte order. */
  prevHash: Bytes;
  bits: number;
  height: number;
  minNtime: number;
  /** Raw transactions, with witness. */
  transactions: readonly Bytes[];
  outputs: readonly { value: bigint; script: Bytes }[];
  /** scriptSig before and after the extranonce. */
  scriptHead: Bytes;
  scriptTail: Bytes;
  sequence: number;
  lockTime: number;
  extranonceSize: number;
  extranoncePrefixSize: number;
  /** A commitment to the witnesses, where a transaction has one. */
  commitment: 'right' | 'wrong' | 'none';
}

export interface BuiltTemplate {
  readonly declared: TemplateDeclared;
  readonly body: Bytes;
}

const NULL_OUTPOINT = concat(new Uint8Array(32), new Uint8Array(4).fill(0xff));
const COMMITMENT_HEAD = fromHex('6a24aa21a9ed');

/** A template whose id and hashes follow from the parts, right or wrong; `change` edits the event before its id. */
export function buildTemplate(
  parts: TemplateParts,
  change: (declared: TemplateDeclared) => Partial<TemplateDeclared> = () => ({}),
): BuiltTemplate {
  const transactions = parts.transactions.map(hashesOf);
  const body = concat(...parts.transactions);
  const [coinbasePrefix, coinbaseSuffix] = coinbaseParts(parts, transactions);
  const plain: TemplateDeclared = {
    templateId: Buffer.alloc(32),
    poolId: parts.poolId,
    source: parts.source,
    declaredBy: Buffer.from(parts.declaredBy),
    version: parts.version,
    versionMask: parts.versionMask,
    prevHash: Buffer.from(parts.prevHash),
    bits: parts.bits,
    height: parts.height,
    minNtime: parts.minNtime,
    coinbasePrefix: Buffer.from(coinbasePrefix),
    coinbaseSuffix: Buffer.from(coinbaseSuffix),
    extranonceSize: parts.extranonceSize,
    extranoncePrefixSize: parts.extranoncePrefixSize,
    merkleBranch: branchOf(transactions.map(({ txid }) => txid)).map((hash) => Buffer.from(hash)),
    txCount: transactions.length,
    bodyBytes: BigInt(body.length),
    bodyHash: Buffer.from(sha256(body)),
    declaredAtMs: BigInt(Date.now()),
  };
  const edits = change(plain);
  const changed = { ...plain, ...edits };
  return { declared: { ...changed, templateId: edits.templateId ?? Buffer.from(idOf(changed)) }, body };
}

function idOf(template: TemplateDeclared): Bytes {
  return sha256(
    utf8('assay/template/v1'),
    lp(template.poolId),
    u8(template.source),
    ...[template.version, template.versionMask].map(u32),
    template.prevHash,
    ...[template.bits, template.height, template.minNtime].map(u32),
    lp(template.coinbasePrefix),
    lp(template.coinbaseSuffix),
    u8(template.extranonceSize),
    u8(template.extranoncePrefixSize),
    u16(template.merkleBranch.length),
    ...template.merkleBranch,
  );
}

function coinbaseParts(parts: TemplateParts, transactions: readonly { wtxid: Bytes }[]): [Bytes, Bytes] {
  const script = parts.scriptHead.length + parts.extranonceSize + parts.scriptTail.length;
  const prefix = concat(u32le(2), Uint8Array.of(1), NULL_OUTPOINT, Uint8Array.of(script), parts.scriptHead);
  const committed = parts.commitment === 'none' ? [] : [{ value: 0n, script: commitmentScript(parts, transactions) }];
  const outputs = [...parts.outputs, ...committed].map(({ value, script: to }) =>
    concat(reversed(u64(value)), Uint8Array.of(to.length), to),
  );
  const tail = [u32le(parts.sequence), Uint8Array.of(outputs.length), ...outputs, u32le(parts.lockTime)];
  return [prefix, concat(parts.scriptTail, ...tail)];
}

function commitmentScript(parts: TemplateParts, transactions: readonly { wtxid: Bytes }[]): Bytes {
  const root = rootOf([new Uint8Array(32), ...transactions.map(({ wtxid }) => wtxid)]);
  const committed = doubleSha256(root, new Uint8Array(32));
  return concat(COMMITMENT_HEAD, parts.commitment === 'right' ? committed : reversed(committed));
}

function rootOf(hashes: readonly Bytes[]): Bytes {
  const [first = new Uint8Array(32), ...others] = hashes;
  return others.length === 0 ? first : rootOf(paired(hashes));
}

function branchOf(txids: readonly Bytes[]): Bytes[] {
  const [first, ...others] = txids;
  return first === undefined ? [] : [first, ...branchOf(paired(others))];
}

function paired(hashes: readonly Bytes[]): Bytes[] {
  const left = hashes.filter((_, index) => index % 2 === 0);
  return left.map((hash, index) => doubleSha256(hash, hashes[2 * index + 1] ?? hash));
}

/** A transaction of one input and one output, by its bytes without and with witness. */
export function randomTransaction(kind: 'legacy' | 'witness'): Bytes {
  const input = concat(Uint8Array.of(1), randomBytes(32), u32le(0), Uint8Array.of(0), u32le(0xffff_fffd));
  const output = concat(Uint8Array.of(1), reversed(u64(5_000n)), Uint8Array.of(22, 0, 20), randomBytes(20));
  if (kind === 'legacy') return concat(u32le(2), input, output, u32le(0));
  return concat(u32le(2), Uint8Array.of(0, 1), input, output, Uint8Array.of(1, 64), randomBytes(64), u32le(0));
}

/** Knows only the transactions of this file and those of a real node by their given hashes. */
function hashesOf(raw: Bytes): { txid: Bytes; wtxid: Bytes } {
  const known = KNOWN.get(toHex(raw));
  if (known !== undefined) return known;
  const wtxid = doubleSha256(raw);
  if (raw[4] !== 0) return { txid: wtxid, wtxid };
  const withoutWitness = concat(raw.subarray(0, 4), raw.subarray(6, raw.length - 70), raw.subarray(raw.length - 4));
  return { txid: doubleSha256(withoutWitness), wtxid };
}

const KNOWN = new Map<string, { txid: Bytes; wtxid: Bytes }>();

/** What `getblocktemplate` of a bitcoind answers, as far as it is used. */
export interface NodeTemplate {
  readonly version: number;
  readonly previousblockhash: string;
  readonly bits: string;
  readonly height: number;
  readonly mintime: number;
  readonly coinbasevalue: number;
  readonly transactions: readonly { data: string; txid: string; hash: string }[];
}

/** Parts of an honest template on the answer of a real node. */
export function partsOfNodeTemplate(node: NodeTemplate, pool: { poolId: string; script: Bytes }): TemplateParts {
  for (const { data, txid, hash } of node.transactions) {
    KNOWN.set(data, { txid: reversed(fromHex(txid)), wtxid: reversed(fromHex(hash)) });
  }
  return {
    ...honestParts({ ...pool, height: node.height, value: BigInt(node.coinbasevalue) }),
    version: node.version,
    prevHash: reversed(fromHex(node.previousblockhash)),
    bits: Number.parseInt(node.bits, 16),
    minNtime: node.mintime,
    transactions: node.transactions.map(({ data }) => fromHex(data)),
  };
}

/** Parts in which nothing is wrong, on an invented chain. */
export function honestParts(pool: { poolId: string; script: Bytes; height?: number; value?: bigint }): TemplateParts {
  const height = pool.height ?? 840_001;
  return {
    poolId: pool.poolId,
    source: 1,
    declaredBy: new Uint8Array(0),
    version: 0x2000_0000,
    versionMask: 0x1fff_e000,
    prevHash: randomBytes(32),
    bits: 0x1d00_ffff,
    height,
    minNtime: Math.floor(Date.now() / 1_000) - 600,
    transactions: [],
    outputs: [{ value: pool.value ?? 312_500_000n, script: pool.script }],
    scriptHead: concat(pushOf(height), Uint8Array.of(12)),
    scriptTail: concat(Uint8Array.of(7), utf8('hostile')),
    sequence: 0xffff_ffff,
    lockTime: 0,
    extranonceSize: 12,
    extranoncePrefixSize: 4,
    commitment: 'right',
  };
}

function pushOf(height: number): Bytes {
  if (height <= 16) return Uint8Array.of(0x50 + height);
  const digits = reversed(u32(height));
  const length = height < 0x80 ? 1 : height < 0x8000 ? 2 : height < 0x80_0000 ? 3 : 4;
  return concat(Uint8Array.of(length), digits.subarray(0, length));
}
