import { type Bytes, bytesEqual, toHex } from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';
import type { TemplateCode } from './audit-codes.ts';
import { bitcoinMerkleRoot, coinbaseBranch } from './bitcoin-merkle.ts';
import { checkCoinbaseScript, checkPoolIsPaid, type Coinbase, decodeCoinbase } from './check-coinbase.ts';
import { SOURCE_DECLARED, type Template } from './template.ts';
import { type BodyTransaction, decodeTransactions } from './transaction.ts';

const WEIGHT_MAX = 4_000_000;
const HEADER_SIZE = 80;
// Marker, flag, one witness item of 32 bytes: what a coinbase with a commitment carries in a block.
const COINBASE_WITNESS_SIZE = 2 + 1 + 1 + 32;
const COMMITMENT_PREFIX = '6a24aa21a9ed';
const COMMITMENT_OFFSET = 6;
const ZEROS = new Uint8Array(32);

/** What the configuration says about a pool's templates. */
export interface TemplateRules {
  readonly mode: 'pool-only' | 'declared';
  readonly versionMask: number;
  /** Output scripts of the pool, lower-case hex. */
  readonly scripts: ReadonlySet<string>;
  /** Least share of the coinbase for those scripts, in millionths. */
  readonly minPoolPpm: number;
}

/** T1: whether this kind of template may exist at all; needs no body. */
export function checkAllowed(template: Template, rules: TemplateRules): TemplateCode | undefined {
  return template.source === SOURCE_DECLARED && rules.mode !== 'declared' ? 'TPL_NOT_ALLOWED' : undefined;
}

/** T2…T11 in their order: the first fault, or undefined when the structure is sound (02-auditor section 4.2). */
export function checkStructure(template: Template, body: Bytes, rules: TemplateRules): TemplateCode | undefined {
  const transactions = isDeclaredBody(template, body) ? decodeBody(template, body) : undefined;
  if (transactions === undefined) return 'TPL_UNDECODABLE';
  const coinbase = decodeCoinbase(template);
  if (coinbase === undefined) return 'TPL_COINBASE_SHAPE';
  return (
    checkCoinbaseScript(template, coinbase) ??
    checkVersion(template, rules) ??
    checkTransactionSet(template, transactions) ??
    checkWeight(coinbase, transactions) ??
    checkWitnessCommitment(coinbase, transactions) ??
    checkPoolIsPaid(coinbase, rules)
  );
}

function isDeclaredBody(template: Template, body: Bytes): boolean {
  return BigInt(body.length) === template.bodyBytes && bytesEqual(sha256(body), template.bodyHash);
}

/** 64 bytes could pass for an inner node of the Merkle tree. */
function decodeBody(template: Template, body: Bytes): BodyTransaction[] | undefined {
  const transactions = decodeTransactions(body);
  if (transactions?.length !== template.txCount) return undefined;
  return transactions.some(({ baseSize }) => baseSize === 64) ? undefined : transactions;
}

function checkVersion(template: Template, rules: TemplateRules): TemplateCode | undefined {
  const strayBits = (template.versionMask & ~rules.versionMask) !== 0;
  return strayBits || (template.version | 0) < 4 ? 'TPL_VERSION' : undefined;
}

function checkTransactionSet(template: Template, transactions: readonly BodyTransaction[]): TemplateCode | undefined {
  const txids = transactions.map(({ txid }) => txid);
  const branch = coinbaseBranch(txids);
  const same =
    branch.length === template.merkleBranch.length &&
    branch.every((hash, index) => bytesEqual(hash, template.merkleBranch[index] ?? ZEROS));
  if (!same) return 'TPL_MERKLE_BRANCH';
  return new Set(txids.map(toHex)).size === txids.length ? undefined : 'TPL_DUPLICATE_TX';
}

function checkWeight({ transaction }: Coinbase, transactions: readonly BodyTransaction[]): TemplateCode | undefined {
  const count = transactions.length + 1;
  let weight = 4 * (HEADER_SIZE + compactSizeLength(count) + transaction.baseSize) + COINBASE_WITNESS_SIZE;
  for (const { baseSize, totalSize } of transactions) weight += 3 * baseSize + totalSize;
  return weight <= WEIGHT_MAX ? undefined : 'TPL_WEIGHT';
}

function compactSizeLength(value: number): number {
  return value < 0xfd ? 1 : value <= 0xffff ? 3 : 5;
}

function checkWitnessCommitment(
  coinbase: Coinbase,
  transactions: readonly BodyTransaction[],
): TemplateCode | undefined {
  const committed = witnessCommitment(coinbase);
  if (committed === undefined && !transactions.some(({ hasWitness }) => hasWitness)) return undefined;
  const wtxids = transactions.map(({ wtxid }) => wtxid);
  const expected = doubleSha256(bitcoinMerkleRoot(ZEROS, wtxids), ZEROS);
  return committed !== undefined && bytesEqual(committed, expected) ? undefined : 'TPL_WITNESS_COMMITMENT';
}

/** Hash in the last output that begins as a commitment (BIP-141); undefined when no output does. */
export function witnessCommitment({ transaction }: Coinbase): Bytes | undefined {
  const output = transaction.outputs.findLast(({ script }) => toHex(script.subarray(0, 6)) === COMMITMENT_PREFIX);
  return output?.script.subarray(COMMITMENT_OFFSET, COMMITMENT_OFFSET + 32);
}
