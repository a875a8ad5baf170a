import { describe, expect, it } from 'vitest';
import { type Bytes, concat, fromHex, reversed, toHex, u32le, u64 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import type { TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { buildTemplate, honestParts, randomTransaction, type TemplateParts } from '@assay/testkit/hostile-template';
import type { TemplateCode } from './audit-codes.ts';
import { checkAllowed, checkStructure, type TemplateRules } from './check-template.ts';
import { fitsLayout, templateIdOf } from './template.ts';

const SCRIPT = fromHex('0014482a532f430ddf94cbb1512d0fa53056bc75524f');
const OTHER_SCRIPT = fromHex(`0014${'00'.repeat(20)}`);
const RULES: TemplateRules = {
  mode: 'pool-only',
  versionMask: 0x1fff_e000,
  scripts: new Set([toHex(SCRIPT)]),
  minPoolPpm: 1_000_000,
};

type Change = (declared: TemplateDeclared) => Partial<TemplateDeclared>;
interface Case {
  readonly parts?: Partial<TemplateParts>;
  readonly change?: Change;
  readonly body?: (body: Bytes) => Bytes;
  readonly rules?: Partial<TemplateRules>;
}

function judge({ parts, change, body = (same) => same, rules }: Case): TemplateCode | undefined {
  const transactions = [randomTransaction('legacy'), randomTransaction('witness'), randomTransaction('witness')];
  const built = buildTemplate(
    { ...honestParts({ poolId: 'hostile-1', script: SCRIPT }), transactions, ...parts },
    change,
  );
  const inForce = { ...RULES, ...rules };
  return checkAllowed(built.declared, inForce) ?? checkStructure(built.declared, body(built.body), inForce);
}

/** The body is consistently declared, whatever it holds. */
const declaringBody = (body: Bytes, txCount: number): Case => ({
  body: () => body,
  change: () => ({ txCount, bodyBytes: BigInt(body.length), bodyHash: Buffer.from(sha256(body)) }),
});

const legacy = randomTransaction('legacy');
const witness = randomTransaction('witness');
const emptyWitness = concat(
  legacy.subarray(0, 4),
  Uint8Array.of(0, 1),
  legacy.subarray(4, -4),
  Uint8Array.of(0),
  legacy.subarray(-4),
);
const longCount = concat(legacy.subarray(0, 4), Uint8Array.of(0xfd, 1, 0), legacy.subarray(5));
const sixtyFour = concat(
  u32le(2),
  Uint8Array.of(1),
  new Uint8Array(36),
  Uint8Array.of(0),
  u32le(0),
  Uint8Array.of(1),
  reversed(u64(1n)),
  Uint8Array.of(4),
  new Uint8Array(4),
  u32le(0),
);

/** A legacy transaction of exactly `size` bytes. */
function transactionOf(size: number): Bytes {
  const head = concat(
    u32le(2),
    Uint8Array.of(1),
    new Uint8Array(36).fill(7),
    Uint8Array.of(0),
    u32le(0),
    Uint8Array.of(1),
    reversed(u64(1n)),
  );
  const script = size - head.length - 5 - 4;
  return concat(head, Uint8Array.of(0xfe), u32le(script), new Uint8Array(script), u32le(0));
}

const pays = (...outputs: [bigint, Bytes][]) => ({ outputs: outputs.map(([value, script]) => ({ value, script })) });
const pushed = (script: string) => ({ scriptHead: fromHex(`${script}0c`) });
const commitment = (fill: number) => ({
  value: 0n,
  script: concat(fromHex('6a24aa21a9ed'), new Uint8Array(32).fill(fill)),
});

const bad: [TemplateCode, string, Case][] = [
  [
    'TPL_NOT_ALLOWED',
    'a miner brings a template to a pool that takes none',
    { parts: { source: 2, declaredBy: publicKeyOf(new Uint8Array(32).fill(1)) } },
  ],
  ['TPL_UNDECODABLE', 'a byte of the body is missing', { body: (body) => body.subarray(1) }],
  ['TPL_UNDECODABLE', 'the body has another hash', { body: (body) => Uint8Array.from(body, (byte) => byte ^ 1) }],
  ['TPL_UNDECODABLE', 'a transaction is not counted', { change: () => ({ txCount: 2 }) }],
  ['TPL_UNDECODABLE', 'a byte is left over', declaringBody(concat(legacy, Uint8Array.of(0)), 1)],
  ['TPL_UNDECODABLE', 'the last transaction is cut', declaringBody(concat(legacy, witness.subarray(0, -1)), 2)],
  ['TPL_UNDECODABLE', 'a count is longer than needed', declaringBody(longCount, 1)],
  ['TPL_UNDECODABLE', 'a witness record holds nothing', declaringBody(emptyWitness, 1)],
  ['TPL_UNDECODABLE', 'a transaction has 64 bytes without witness', declaringBody(sixtyFour, 1)],
  [
    'TPL_COINBASE_SHAPE',
    'a byte follows the coinbase',
    { change: ({ coinbaseSuffix }) => ({ coinbaseSuffix: Buffer.concat([coinbaseSuffix, Buffer.alloc(1)]) }) },
  ],
  [
    'TPL_COINBASE_SHAPE',
    'the coinbase spends a transaction',
    {
      change: ({ coinbasePrefix }) => ({
        coinbasePrefix: Buffer.from(coinbasePrefix.map((byte, at) => (at === 10 ? 1 : byte))),
      }),
    },
  ],
  ['TPL_COINBASE_SHAPE', 'the script is longer than 100 bytes', { parts: { scriptTail: new Uint8Array(90) } }],
  ['TPL_COINBASE_SHAPE', 'the lock time is ahead and counts', { parts: { lockTime: 840_001, sequence: 0 } }],
  [
    'TPL_EXTRANONCE_PLACEMENT',
    'the extranonce is the lock time',
    { parts: { extranonceSize: 4 }, change: (plain) => extranonceAtTheEnd(plain) },
  ],
  ['TPL_EXTRANONCE_PLACEMENT', 'no byte of the extranonce is owned', { parts: { extranoncePrefixSize: 0 } }],
  [
    'TPL_EXTRANONCE_PLACEMENT',
    'more of the extranonce is owned than there is',
    { parts: { extranoncePrefixSize: 13 } },
  ],
  ['TPL_EXTRANONCE_PLACEMENT', 'the extranonce has 33 bytes', { parts: { extranonceSize: 33 } }],
  ['TPL_HEIGHT', 'another height is pushed', { parts: { height: 840_002, ...pushed('0341d10c') } }],
  ['TPL_HEIGHT', 'a height below 17 is pushed as a number', { parts: { height: 5, ...pushed('0105') } }],
  ['TPL_HEIGHT', 'the sign byte is missing', { parts: { height: 0x80, ...pushed('0180') } }],
  ['TPL_VERSION', 'the mask covers more than configured', { parts: { versionMask: 0x3fff_e000 } }],
  ['TPL_VERSION', 'the version is 3', { parts: { version: 3 } }],
  ['TPL_VERSION', 'the version is negative', { parts: { version: 0x8000_0004 } }],
  [
    'TPL_MERKLE_BRANCH',
    'a sibling is wrong',
    { change: ({ merkleBranch }) => ({ merkleBranch: [Buffer.alloc(32), ...merkleBranch.slice(1)] }) },
  ],
  [
    'TPL_MERKLE_BRANCH',
    'the branch is too short',
    { change: ({ merkleBranch }) => ({ merkleBranch: merkleBranch.slice(1) }) },
  ],
  ['TPL_DUPLICATE_TX', 'a transaction is there twice', { parts: { transactions: [legacy, witness, legacy] } }],
  ['TPL_WEIGHT', 'the block weighs one byte too much', { parts: { transactions: [transactionOf(heaviest() + 1)] } }],
  ['TPL_WITNESS_COMMITMENT', 'the commitment is wrong', { parts: { commitment: 'wrong' } }],
  ['TPL_WITNESS_COMMITMENT', 'witnesses are not committed to', { parts: { commitment: 'none' } }],
  [
    'TPL_WITNESS_COMMITMENT',
    'there is no witness, and a wrong commitment',
    { parts: { transactions: [legacy], commitment: 'wrong' } },
  ],
  [
    'TPL_WITNESS_COMMITMENT',
    'the last of two commitments is wrong',
    { parts: { transactions: [], commitment: 'none', outputs: [{ value: 1n, script: SCRIPT }, commitment(1)] } },
  ],
  ['TPL_POOL_UNPAID', 'one satoshi goes elsewhere', { parts: pays([312_499_999n, SCRIPT], [1n, OTHER_SCRIPT]) }],
  ['TPL_POOL_UNPAID', 'the pool has an output of nothing', { parts: pays([0n, SCRIPT], [312_500_000n, OTHER_SCRIPT]) }],
  ['TPL_POOL_UNPAID', 'the coinbase claims nothing', { parts: pays([0n, SCRIPT]) }],
  [
    'TPL_POOL_UNPAID',
    'one satoshi less than the pool must get',
    { parts: pays([989_999n, SCRIPT], [10_001n, OTHER_SCRIPT]), rules: { minPoolPpm: 990_000 } },
  ],
];

const good: [string, Case][] = [
  ['an honest template', {}],
  ['an empty block', { parts: { transactions: [] } }],
  ['a block without witnesses and without commitment', { parts: { transactions: [legacy], commitment: 'none' } }],
  [
    'a declared template where the pool takes them',
    { parts: { source: 2, declaredBy: publicKeyOf(new Uint8Array(32).fill(1)) }, rules: { mode: 'declared' } },
  ],
  ['a lock time ahead that does not count', { parts: { lockTime: 840_001 } }],
  ['a lock time below the height', { parts: { lockTime: 840_000, sequence: 0 } }],
  ['a script of 100 bytes', { parts: { scriptTail: new Uint8Array(83) } }],
  ['an extranonce of 32 bytes that is owned whole', { parts: { extranonceSize: 32, extranoncePrefixSize: 32 } }],
  ['height 16 as one opcode', { parts: { height: 16, ...pushed('60') } }],
  ['height 17 as a number', { parts: { height: 17, ...pushed('0111') } }],
  ['height 128 with its sign byte', { parts: { height: 128, ...pushed('028000') } }],
  ['version 4 without rolling', { parts: { version: 4, versionMask: 0 } }],
  ['the heaviest block', { parts: { transactions: [transactionOf(heaviest())] } }],
  ['a wrong commitment before the right one', { parts: { outputs: [{ value: 1n, script: SCRIPT }, commitment(1)] } }],
  [
    'exactly what the pool must get',
    { parts: pays([990_000n, SCRIPT], [10_000n, OTHER_SCRIPT]), rules: { minPoolPpm: 990_000 } },
  ],
];

/** Size of the one legacy transaction that makes a block weigh exactly 4,000,000. */
function heaviest(): number {
  const { declared } = buildTemplate(honestParts({ poolId: 'hostile-1', script: SCRIPT }));
  const coinbase = declared.coinbasePrefix.length + declared.extranonceSize + declared.coinbaseSuffix.length;
  return (4_000_000 - 4 * (80 + 1 + coinbase) - 36) / 4;
}

function extranonceAtTheEnd({ coinbasePrefix, coinbaseSuffix }: TemplateDeclared): Partial<TemplateDeclared> {
  const whole = Buffer.concat([coinbasePrefix, Buffer.alloc(4), coinbaseSuffix]);
  return { coinbasePrefix: whole.subarray(0, -4), coinbaseSuffix: Buffer.alloc(0) };
}

describe('the structure of a template (T1…T11)', () => {
  it.each(bad)('%s: %s', (code, _, defect) => {
    expect(judge(defect)).toBe(code);
  });

  it.each(good)('is sound: %s', (_, sound) => {
    expect(judge(sound)).toBeUndefined();
  });
});

describe('the id of a template', () => {
  const { declared } = buildTemplate(honestParts({ poolId: 'hostile-1', script: SCRIPT }));

  it('follows from its content as the pool computes it', () => {
    expect(toHex(templateIdOf(declared))).toBe(toHex(declared.templateId));
    expect(fitsLayout(declared)).toBe(true);
  });

  it.each<[string, object]>([
    ['a short parent hash', { prevHash: Buffer.alloc(31) }],
    ['a long sibling', { merkleBranch: [Buffer.alloc(33)] }],
    ['an unknown source', { source: 0 }],
    ['an extranonce of 256 bytes', { extranonceSize: 256 }],
    ['an owned part of 256 bytes', { extranoncePrefixSize: 256 }],
  ])('has no layout for %s', (_, change) => {
    expect(fitsLayout({ ...declared, ...change })).toBe(false);
  });
});
