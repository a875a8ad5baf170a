import { utf8 } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { expect, test } from 'vitest';
import { endsAt, isOwed, type Liabilities, liabilitiesHash } from './liabilities.ts';
import { HASH_UNIT } from './unit.ts';

const SAID: Liabilities = {
  ...{ keysetId: '00a03750b0c58893', period: 20_777n, previousGlobalDigest: new Uint8Array(32).fill(1) },
  ...{ issuedSize: 3n, issuedRoot: new Uint8Array(32).fill(2), issuedSum: 13n },
  ...{ spentSize: 1n, spentRoot: new Uint8Array(32).fill(3), spentSum: 8n },
};
const SUMS = { keyset: SAID.keysetId, unit: HASH_UNIT, issuedCount: 3n, issuedSum: 13n, spentCount: 1n, spentSum: 8n };
const END = unixMs(20_778 * 86_400_000);

test('the signed text is the one of the auditor', () => {
  const [one, two, three] = ['01', '02', '03'].map((byte) => byte.repeat(32));
  const text = `00a03750b0c58893:20777:2026-11-21T00:00:00Z:${one}:3:${two}:13:1:${three}:8:5`;
  expect(liabilitiesHash(SAID, END)).toEqual(sha256(utf8(text)));
});

test('a period ends at the start of the next', () => {
  expect([endsAt(20_777n, END), endsAt(20_777n, unixMs(END + 1)), endsAt(20_778n, END)]).toEqual([true, false, false]);
});

test.each<[string, Partial<Liabilities>]>([
  ['another number of outputs', { issuedSize: 4n }],
  ['another sum of outputs', { issuedSum: 14n }],
  ['another number of inputs', { spentSize: 0n }],
  ['another sum of inputs', { spentSum: 7n }],
])('%s is not what the mint owes', (_, more) => {
  expect(isOwed(SAID, SUMS)).toBe(true);
  expect(isOwed({ ...SAID, ...more }, SUMS)).toBe(false);
});

test('a keyset without operations owes nothing', () => {
  const nothing = { ...SAID, issuedSize: 0n, issuedSum: 0n, spentSize: 0n, spentSum: 0n };
  expect(isOwed(nothing, undefined)).toBe(true);
  expect(isOwed(SAID, undefined)).toBe(false);
});
