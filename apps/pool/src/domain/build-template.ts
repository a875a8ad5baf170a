import { type Bytes, parseHex, reversed, toHex } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import type { PoolId } from '@assay/shared/kernel/ids';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { coinbaseParts, type Payout } from './coinbase.ts';
import { networkTarget } from './difficulty.ts';
import { merkleBranch } from './merkle.ts';
import { type Template, templateIdOf } from './template.ts';

/** What the pool adds to a node's template. */
export interface TemplateSettings {
  readonly poolId: PoolId;
  readonly versionMask: number;
  readonly payouts: readonly Payout[];
  readonly coinbaseTag: Bytes;
}

export interface BuiltTemplate {
  readonly template: Template;
  /** Raw transactions one after the other, block order, no coinbase. */
  readonly body: Bytes;
  /** Seconds, the node's. */
  readonly curtime: number;
}

/** The object of `getblocktemplate`, read. */
export interface NodeTemplate {
  readonly version: number;
  /** Internal byte order. */
  readonly prevHash: Bytes;
  readonly bits: number;
  readonly height: number;
  readonly minTime: number;
  readonly curTime: number;
  readonly coinbaseValue: bigint;
  readonly txids: readonly Bytes[];
  readonly body: Bytes;
  readonly witnessCommitment: Bytes | undefined;
  readonly longPollId: string | undefined;
  readonly rules: readonly string[];
}

export interface TemplateFault {
  readonly code: 'template-unreadable';
  readonly field: string;
}

type Fields = Readonly<Record<string, unknown>>;

// What no node in its right mind exceeds; a template beyond it could not be mined on, audited, or sent to miners.
const BODY_BYTES_MAX = 4_000_000;
const TRANSACTIONS_MAX = 65_535;
const COMMITMENT_BYTES_MAX = 1_024;

/** Reads what a node answered to `getblocktemplate`; the first field that is missing or not of its form is named. */
export function readNodeTemplate(answer: unknown): Result<NodeTemplate, TemplateFault> {
  if (typeof answer !== 'object' || answer === null) return unreadable('result');
  const fields = answer as Fields;
  const numbers = readNumbers(fields);
  if (!numbers.ok) return numbers;
  const transactions = readTransactions(fields['transactions']);
  if (!transactions.ok) return transactions;
  const prevHash = hexField(fields, 'previousblockhash', 32);
  const bits = hexField(fields, 'bits', 4);
  const commitment = hexField(fields, 'default_witness_commitment');
  const hasCommitment = (fields['default_witness_commitment'] ?? null) !== null;
  if (prevHash === undefined) return unreadable('previousblockhash');
  if (bits === undefined) return unreadable('bits');
  if (hasCommitment && (commitment === undefined || commitment.length > COMMITMENT_BYTES_MAX)) {
    return unreadable('default_witness_commitment');
  }
  const { rules, longpollid } = fields;
  return ok({
    ...numbers.value,
    ...transactions.value,
    prevHash: reversed(prevHash),
    bits: new DataView(bits.buffer, bits.byteOffset).getUint32(0),
    witnessCommitment: commitment,
    longPollId: typeof longpollid === 'string' ? longpollid : undefined,
    rules: Array.isArray(rules) ? rules.filter((rule) => typeof rule === 'string') : [],
  });
}

/** The pool's own template from a node's. */
export function buildTemplate(
  node: NodeTemplate,
  settings: TemplateSettings,
  now: UnixMs,
): Result<BuiltTemplate, TemplateFault> {
  const target = networkTarget(node.bits);
  if (!target.ok) return unreadable('bits');
  const { prefix, suffix } = coinbaseParts({
    height: node.height,
    value: node.coinbaseValue,
    payouts: settings.payouts,
    tag: settings.coinbaseTag,
    witnessCommitment: node.witnessCommitment,
  });
  const named = {
    poolId: settings.poolId,
    version: node.version,
    versionMask: settings.versionMask,
    prevHash: node.prevHash,
    bits: node.bits,
    height: node.height,
    minNtime: node.minTime,
    coinbasePrefix: prefix,
    coinbaseSuffix: suffix,
    merkleBranch: merkleBranch(node.txids),
  };
  const template: Template = {
    ...named,
    id: templateIdOf(named),
    prevHashHex: toHex(node.prevHash),
    networkTarget: target.value,
    txCount: node.txids.length,
    bodyBytes: node.body.length,
    bodyHash: sha256(node.body),
    hasWitnessCommitment: node.witnessCommitment !== undefined,
    coinbaseValue: node.coinbaseValue,
    declaredAt: now,
  };
  return ok({ template, body: node.body, curtime: node.curTime });
}

function readNumbers(fields: Fields) {
  const named = ['version', 'height', 'mintime', 'curtime', 'coinbasevalue'] as const;
  for (const name of named) if (!isWhole(fields[name])) return unreadable(name);
  const [version, height, minTime, curTime, value] = named.map((name) => fields[name]) as [
    ...[number, number, number, number, number],
  ];
  if (height < 1 || height >= 2 ** 31) return unreadable('height');
  const seconds = minTime < 2 ** 32 && curTime < 2 ** 32;
  return seconds
    ? ok({ version: version >>> 0, height, minTime, curTime, coinbaseValue: BigInt(value) })
    : unreadable('curtime');
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readTransactions(list: unknown): Result<Pick<NodeTemplate, 'txids' | 'body'>, TemplateFault> {
  if (!Array.isArray(list) || list.length > TRANSACTIONS_MAX) return unreadable('transactions');
  const txids: Bytes[] = [];
  const parts: string[] = [];
  for (const transaction of list as readonly unknown[]) {
    const fields = typeof transaction === 'object' && transaction !== null ? (transaction as Fields) : {};
    const txid = hexField(fields, 'txid', 32);
    const data = fields['data'];
    if (txid === undefined) return unreadable('transactions.txid');
    if (typeof data !== 'string') return unreadable('transactions.data');
    txids.push(reversed(txid));
    parts.push(data);
  }
  const body = parseHex(parts.join(''));
  const fits = body.ok && body.value.length <= BODY_BYTES_MAX;
  return fits ? ok({ txids, body: body.value }) : unreadable('transactions.data');
}

function hexField(fields: Fields, name: string, length?: number): Bytes | undefined {
  const text = fields[name];
  const parsed = typeof text === 'string' ? parseHex(text, length) : undefined;
  return parsed?.ok === true ? parsed.value : undefined;
}

function unreadable(field: string): Result<never, TemplateFault> {
  return err({ code: 'template-unreadable', field });
}
