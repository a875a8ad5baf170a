import { assert } from '@assay/shared/kernel/assert';
import { type Bytes, bytesEqual, toHex } from '@assay/shared/kernel/bytes';
import type { TemplateCode } from './audit-codes.ts';
import { type Template, zeroCoinbaseOf } from './template.ts';
import { decodeTransaction, type Transaction, type TransactionInput } from './transaction.ts';

const FINAL_SEQUENCE = 0xffff_ffff;
const EXTRANONCE_MAX = 32;

export interface Coinbase {
  readonly transaction: Transaction;
  readonly input: TransactionInput;
}

/** The coinbase with zero extranonce, decoded; undefined where it is no coinbase (T3). */
export function decodeCoinbase(template: Template): Coinbase | undefined {
  const transaction = decodeTransaction(zeroCoinbaseOf(template));
  const input = transaction?.inputs[0];
  if (transaction === undefined || input === undefined) return undefined;
  const { script, outpoint, sequence } = input;
  const { lockTime } = transaction;
  const isFinal = lockTime === 0 || lockTime < template.height || sequence === FINAL_SEQUENCE;
  const sound =
    !transaction.hasWitness &&
    transaction.inputs.length === 1 &&
    isNullOutpoint(outpoint) &&
    script.length >= 2 &&
    script.length <= 100 &&
    isFinal;
  return sound ? { transaction, input } : undefined;
}

function isNullOutpoint(outpoint: Bytes): boolean {
  return outpoint.every((byte, index) => byte === (index < 32 ? 0 : 0xff));
}

/** T4 and T5: where the extranonce stands, and the height in front. */
export function checkCoinbaseScript(template: Template, { input }: Coinbase): TemplateCode | undefined {
  const { extranonceSize, extranoncePrefixSize, coinbasePrefix } = template;
  const begins = coinbasePrefix.length;
  const placed = begins >= input.scriptAt && begins + extranonceSize <= input.scriptAt + input.script.length;
  const sized = extranoncePrefixSize >= 1 && extranoncePrefixSize <= extranonceSize && extranonceSize <= EXTRANONCE_MAX;
  if (!placed || !sized) return 'TPL_EXTRANONCE_PLACEMENT';
  const push = heightPush(template.height);
  return bytesEqual(input.script.subarray(0, push.length), push) ? undefined : 'TPL_HEIGHT';
}

/** BIP-34: the shortest script that pushes the height; 1..16 have opcodes of their own. */
function heightPush(height: number): Bytes {
  assert(Number.isInteger(height) && height >= 0 && height <= 0xffff_ffff, `not a height: ${height}`);
  if (height === 0) return Uint8Array.of(0);
  if (height <= 16) return Uint8Array.of(0x50 + height);
  const digits: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) digits.push(rest % 256);
  // The top bit of the last byte is the sign.
  if ((digits.at(-1) ?? 0) >= 0x80) digits.push(0);
  return Uint8Array.of(digits.length, ...digits);
}

/** T11: enough of the coinbase goes to the pool's scripts (hex). */
export function checkPoolIsPaid(
  { transaction }: Coinbase,
  pool: { scripts: ReadonlySet<string>; minPoolPpm: number },
): TemplateCode | undefined {
  let total = 0n;
  let toPool = 0n;
  for (const { value, script } of transaction.outputs) {
    total += value;
    if (pool.scripts.has(toHex(script))) toPool += value;
  }
  const paid = total > 0n && toPool * 1_000_000n >= total * BigInt(pool.minPoolPpm);
  return paid ? undefined : 'TPL_POOL_UNPAID';
}
