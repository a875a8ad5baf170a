import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { fromHex } from '@assay/shared/kernel/bytes';
import { buildTemplate, honestParts, randomTransaction } from '@assay/testkit/hostile-template';
import { carryAfter, checkEnvelope, checkProvenance, isWellShaped } from './check-envelope.ts';
import { checkAllowed, checkStructure } from './check-template.ts';
import { fitsLayout, templateIdOf } from './template.ts';
import { decodeTransaction, decodeTransactions } from './transaction.ts';

const BATCH_RULES = { poolKey: new Uint8Array(32).fill(1), creditShift: 32, maxTarget: new Uint8Array(32).fill(0xff) };
const TEMPLATE_RULES = {
  mode: 'pool-only',
  versionMask: 0x1fff_e000,
  scripts: new Set(['51']),
  minPoolPpm: 1,
} as const;

const bytes = (maxLength = 200) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const u32 = () => fc.nat(0xffff_ffff);
const u64 = () => fc.bigInt(0n, 2n ** 64n - 1n);

const anyShare = fc.record({ header80: bytes(), extranonce: bytes(), credit: u64(), acceptedAtMs: u64() });
const anyBatch: fc.Arbitrary<BatchAccepted> = fc.record({
  ...{ batchId: fc.string(), poolId: fc.string(), lockingKey: bytes(40), keySeq: u64(), templateId: bytes(40) },
  ...{ assignedTarget: bytes(40), creditShift: u32(), carryIn: u64(), carryOut: u64(), creditSum: u64() },
  ...{ shares: fc.array(anyShare, { maxLength: 5 }), sharesRoot: bytes(40), batchHash: bytes(40) },
  ...{ poolSignature: bytes(70), windowStartMs: u64(), windowEndMs: u64(), replacesBatchId: fc.string() },
});
const anyTemplate: fc.Arbitrary<TemplateDeclared> = fc.record({
  ...{ templateId: bytes(40), poolId: fc.string(), source: fc.constantFrom(0, 1, 2), declaredBy: bytes(40) },
  ...{ version: u32(), versionMask: u32(), prevHash: bytes(40), bits: u32(), height: u32(), minNtime: u32() },
  ...{
    coinbasePrefix: bytes(),
    coinbaseSuffix: bytes(),
    extranonceSize: fc.nat(300),
    extranoncePrefixSize: fc.nat(300),
  },
  ...{ merkleBranch: fc.array(bytes(40), { maxLength: 4 }), txCount: u32(), bodyBytes: u64(), bodyHash: bytes(40) },
  declaredAtMs: u64(),
});

describe('whatever comes in is judged, and nothing is thrown', () => {
  it('any batch of any field lengths', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        expect(typeof checkProvenance(batch, BATCH_RULES)).toBe('string');
        const wellShaped = isWellShaped(batch, BATCH_RULES, 1_795_227_600_000);
        expect(carryAfter(batch, wellShaped)).toBeGreaterThanOrEqual(0n);
        const facts = { wellShaped, holdsKeySeq: true, predecessor: undefined, template: undefined };
        expect(checkEnvelope(batch, facts).kind).toBe('fault');
      }),
    );
  });

  it('any template of any field lengths, with any body', () => {
    fc.assert(
      fc.property(anyTemplate, bytes(), (template, body) => {
        if (fitsLayout(template)) expect(templateIdOf(template)).toHaveLength(32);
        const code = checkAllowed(template, TEMPLATE_RULES) ?? checkStructure(template, body, TEMPLATE_RULES);
        expect(code).toMatch(/^TPL_/);
      }),
    );
  });

  it('any bytes as transactions', () => {
    fc.assert(
      fc.property(bytes(400), (body) => {
        const decoded = decodeTransactions(body);
        const total = decoded?.reduce((sum, { totalSize }) => sum + totalSize, 0);
        expect(total ?? body.length).toBe(body.length);
        expect(decodeTransaction(body)).toBeUndefined();
      }),
    );
  });

  it('a real transaction with any byte changed, cut or added', () => {
    const place = fc.nat(200);
    fc.assert(
      fc.property(fc.constantFrom('legacy', 'witness'), place, fc.nat(255), fc.nat(2), (kind, at, byte, how) => {
        const raw = randomTransaction(kind);
        const index = at % raw.length;
        const changed = [...raw];
        changed.splice(index, how === 2 ? 0 : 1, ...(how === 1 ? [] : [byte]));
        const decoded = decodeTransaction(Uint8Array.from(changed));
        if (decoded !== undefined) expect(decoded.totalSize).toBe(changed.length);
      }),
    );
  });

  it('a coinbase with any byte changed', () => {
    const parts = {
      ...honestParts({ poolId: 'p', script: fromHex('51') }),
      transactions: [randomTransaction('witness')],
    };
    const { declared, body } = buildTemplate(parts);
    fc.assert(
      fc.property(
        fc.constantFrom('coinbasePrefix' as const, 'coinbaseSuffix' as const),
        fc.nat(500),
        fc.nat(255),
        (part, at, byte) => {
          const changed = Buffer.from(declared[part]);
          changed[at % changed.length] = byte;
          const code = checkStructure({ ...declared, [part]: changed }, body, TEMPLATE_RULES);
          expect(code ?? 'sound').toMatch(/^(sound|TPL_)/);
        },
      ),
    );
  });
});
