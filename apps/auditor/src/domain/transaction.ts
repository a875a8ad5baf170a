import { type Bytes, concat } from '@assay/shared/kernel/bytes';
import { doubleSha256 } from '@assay/shared/kernel/hash';
import { ByteCursor, Undecodable } from './byte-cursor.ts';

export interface TransactionInput {
  /** Transaction hash and index, 36 bytes. */
  readonly outpoint: Bytes;
  readonly script: Bytes;
  /** Where the script begins in the raw transaction. */
  readonly scriptAt: number;
  readonly sequence: number;
}

export interface TransactionOutput {
  /** Satoshi. */
  readonly value: bigint;
  readonly script: Bytes;
}

/** A decoded Bitcoin transaction; hashes in internal byte order. */
export interface Transaction {
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
  readonly hasWitness: boolean;
  /** Bytes without and with marker, flag and witness. */
  readonly baseSize: number;
  readonly totalSize: number;
  readonly txid: Bytes;
  readonly wtxid: Bytes;
}

/** All transactions that stand in `body` one after the other, or undefined when a byte is left over or missing. */
export function decodeTransactions(body: Bytes): Transaction[] | undefined {
  return decoded(() => {
    const transactions: Transaction[] = [];
    let at = 0;
    while (at < body.length) {
      const transaction = readTransaction(body.subarray(at));
      transactions.push(transaction);
      at += transaction.totalSize;
    }
    return transactions;
  });
}

/** The one transaction that `bytes` are, or undefined. */
export function decodeTransaction(bytes: Bytes): Transaction | undefined {
  const transaction = decoded(() => readTransaction(bytes));
  return transaction?.totalSize === bytes.length ? transaction : undefined;
}

function decoded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

function readTransaction(bytes: Bytes): Transaction {
  const cursor = new ByteCursor(bytes);
  const version = cursor.take(4);
  const hasWitness = cursor.peek(0) === 0;
  if (hasWitness && cursor.take(2)[1] !== 1) throw new Undecodable('unknown transaction flag');
  const bodyAt = cursor.at;
  const inputs = readMany(cursor, 41, readInput);
  const outputs = readMany(cursor, 9, readOutput);
  const bodyEnd = cursor.at;
  if (inputs.length === 0) throw new Undecodable('no input');
  if (hasWitness && !readWitnesses(cursor, inputs.length)) throw new Undecodable('superfluous witness record');
  const lockTime = cursor.u32();
  const raw = bytes.subarray(0, cursor.at);
  const base = hasWitness ? concat(version, bytes.subarray(bodyAt, bodyEnd), raw.subarray(raw.length - 4)) : raw;
  const txid = doubleSha256(base);
  const wtxid = hasWitness ? doubleSha256(raw) : txid;
  return { inputs, outputs, lockTime, hasWitness, baseSize: base.length, totalSize: raw.length, txid, wtxid };
}

/** A counted list of items of at least `least` bytes each. */
function readMany<T>(cursor: ByteCursor, least: number, read: (cursor: ByteCursor) => T): T[] {
  const count = cursor.compactSize();
  if (count > 4_000_000 / least) throw new Undecodable('more items than a block holds');
  const items: T[] = [];
  for (let index = 0; index < count; index += 1) items.push(read(cursor));
  return items;
}

function readInput(cursor: ByteCursor): TransactionInput {
  const outpoint = cursor.take(36);
  const length = cursor.compactSize();
  const scriptAt = cursor.at;
  return { outpoint, scriptAt, script: cursor.take(length), sequence: cursor.u32() };
}

function readOutput(cursor: ByteCursor): TransactionOutput {
  const value = cursor.u64();
  return { value, script: cursor.take(cursor.compactSize()) };
}

/** Skips one witness stack per input; whether any of them has an item. */
function readWitnesses(cursor: ByteCursor, inputs: number): boolean {
  let items = 0;
  for (let index = 0; index < inputs; index += 1) {
    items += readMany(cursor, 1, (at) => at.take(at.compactSize()).length).length;
  }
  return items > 0;
}
