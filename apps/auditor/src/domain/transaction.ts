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

/** What its block has to know of a transaction; hashes in internal byte order. */
export interface BodyTransaction {
  readonly hasWitness: boolean;
  /** Bytes without and with marker, flag and witness. */
  readonly baseSize: number;
  readonly totalSize: number;
  readonly txid: Bytes;
  readonly wtxid: Bytes;
}

/** A decoded Bitcoin transaction. */
export interface Transaction extends BodyTransaction {
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
}

/** All transactions that stand in `body` one after the other, or undefined when a byte is left over or missing. */
export function decodeTransactions(body: Bytes): BodyTransaction[] | undefined {
  return decoded(() => {
    const transactions: BodyTransaction[] = [];
    let at = 0;
    while (at < body.length) {
      // Inputs and outputs are passed over: a body of 8 MiB may have a million of them.
      const { hasWitness, baseSize, totalSize, txid, wtxid } = readTransaction(
        body.subarray(at),
        skipInput,
        skipOutput,
      );
      transactions.push({ hasWitness, baseSize, totalSize, txid, wtxid });
      at += totalSize;
    }
    return transactions;
  });
}

/** The one transaction that `bytes` are, or undefined. */
export function decodeTransaction(bytes: Bytes): Transaction | undefined {
  const transaction = decoded(() => readTransaction(bytes, readInput, readOutput));
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

type Read<T> = (cursor: ByteCursor) => T;

function readTransaction<Input, Output>(bytes: Bytes, readInput: Read<Input>, readOutput: Read<Output>) {
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
function readMany<T>(cursor: ByteCursor, least: number, read: Read<T>): T[] {
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

function skipInput(cursor: ByteCursor): void {
  cursor.skip(36);
  cursor.skip(cursor.compactSize() + 4);
}

function skipOutput(cursor: ByteCursor): void {
  cursor.skip(8);
  cursor.skip(cursor.compactSize());
}

/** Skips one witness stack per input; whether any of them has an item. */
function readWitnesses(cursor: ByteCursor, inputs: number): boolean {
  let items = 0;
  for (let index = 0; index < inputs; index += 1) {
    items += readMany(cursor, 1, (at) => at.skip(at.compactSize())).length;
  }
  return items > 0;
}
