import { randomBytes } from 'node:crypto';
import { type Bytes, concat, reversed, toHex, u32le, u64 } from '@assay/shared/kernel/bytes';
import { doubleSha256 } from '@assay/shared/kernel/hash';

/** The network's difficulty of 2024: no share of a benchmark is a block. */
const BITS = '17034219';
const HEIGHT = 840_001;
const SUBSIDY = 312_500_000;
const FEE_EACH = 1_500;
const MIN_TIME_BEFORE_S = 600;
const SIGNATURE_BYTES = 72;

/** An answer to getblocktemplate with transactions of the usual size: two inputs and two outputs with witness, 373 bytes. */
export function nodeTemplate(transactions: number, previousBlockHash: string, nowMs: number) {
  const seconds = Math.floor(nowMs / 1_000);
  return {
    version: 0x2000_0000,
    previousblockhash: previousBlockHash,
    bits: BITS,
    height: HEIGHT,
    mintime: seconds - MIN_TIME_BEFORE_S,
    curtime: seconds,
    coinbasevalue: SUBSIDY + FEE_EACH * transactions,
    transactions: Array.from({ length: transactions }, transaction),
    default_witness_commitment: `6a24aa21a9ed${toHex(randomBytes(32))}`,
    rules: ['csv', '!segwit', 'taproot'],
  };
}

function transaction() {
  const inputs = concat(Uint8Array.of(2), input(), input());
  const outputs = concat(Uint8Array.of(2), output(), output());
  const body = concat(inputs, outputs);
  const lockTime = u32le(0);
  const raw = concat(u32le(2), Uint8Array.of(0, 1), body, witness(), witness(), lockTime);
  const txid = doubleSha256(u32le(2), body, lockTime);
  return { data: toHex(raw), txid: display(txid), hash: display(doubleSha256(raw)), fee: FEE_EACH };
}

function input(): Bytes {
  return concat(randomBytes(32), u32le(0), Uint8Array.of(0), u32le(0xffff_fffd));
}

function output(): Bytes {
  return concat(reversed(u64(50_000n)), Uint8Array.of(22, 0, 20), randomBytes(20));
}

function witness(): Bytes {
  return concat(Uint8Array.of(2, SIGNATURE_BYTES), randomBytes(SIGNATURE_BYTES), Uint8Array.of(33), randomBytes(33));
}

function display(hash: Bytes): string {
  return toHex(reversed(hash));
}
