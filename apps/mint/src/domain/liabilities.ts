import { type Bytes, toHex, utf8 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import type { KeysetSupply } from './supply.ts';

/** What the auditor says a keyset owed at the end of a period (02-auditor section 8). Roots and digests are 32 bytes. */
export interface Liabilities {
  readonly keysetId: string;
  readonly period: bigint;
  readonly previousGlobalDigest: Bytes;
  readonly issuedSize: bigint;
  readonly issuedRoot: Bytes;
  readonly issuedSum: bigint;
  readonly spentSize: bigint;
  readonly spentRoot: Bytes;
  readonly spentSum: bigint;
}

const PERIOD_MS = 86_400_000n;

/** Whether a period ends at this instant: operations that were committed before it are inside. */
export function endsAt(period: bigint, end: UnixMs): boolean {
  return (period + 1n) * PERIOD_MS === BigInt(end);
}

/** Whether the mint's own cut at the end of the period has the same sizes and sums. */
export function isOwed(said: Liabilities, found: KeysetSupply | undefined): boolean {
  return (
    said.issuedSize === (found?.issuedCount ?? 0n) &&
    said.issuedSum === (found?.issuedSum ?? 0n) &&
    said.spentSize === (found?.spentCount ?? 0n) &&
    said.spentSum === (found?.spentSum ?? 0n) &&
    said.issuedSum >= said.spentSum
  );
}

/** sha of the text that mint and auditor sign. */
export function liabilitiesHash(said: Liabilities, end: UnixMs): Bytes {
  const { issuedSize, issuedRoot, issuedSum, spentSize, spentRoot, spentSum } = said;
  const fields = [
    ...[said.keysetId, said.period, `${new Date(end).toISOString().slice(0, 19)}Z`, toHex(said.previousGlobalDigest)],
    ...[issuedSize, toHex(issuedRoot), issuedSum, spentSize, toHex(spentRoot), spentSum, issuedSum - spentSum],
  ];
  return sha256(utf8(fields.join(':')));
}
