import { expect, it } from 'vitest';
import { schnorrSign, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { unixMs } from '@assay/shared/kernel/clock';
import { metricsText } from '@assay/shared/runtime/metrics';
import { edgeTemplate } from '../../test/edge-template.ts';
import type { TemplateRecord } from '../domain/template.ts';
import { templateVerdictHash, type TemplateVerdictGiven } from '../domain/verdict.ts';
import { applyTemplateVerdict } from './apply-template-verdict.ts';

const AUDITOR = new Uint8Array(32).fill(4, 31);
const KEY = xOnlyPublicKeyOf(AUDITOR);
const NOTHING = new Uint8Array(0);

function signed(fields: Partial<TemplateVerdictGiven> = {}): TemplateVerdictGiven {
  const verdict: TemplateVerdictGiven = {
    ...{ templateId: edgeTemplate().id, declaredBy: NOTHING, valid: false, code: 'BAD_MERKLE' },
    ...{ decidedAt: unixMs(1_795_227_000_500), auditorKey: KEY, verdictHash: NOTHING, signature: NOTHING },
    ...fields,
  };
  const verdictHash = templateVerdictHash(verdict);
  return { ...verdict, verdictHash, signature: schnorrSign(verdictHash, AUDITOR) };
}

it('an invalid template is withdrawn once, and the metric that pages counts it', async () => {
  let record: TemplateRecord = {
    ...{ template: edgeTemplate(), state: 'active', curtime: 0, fetchedAt: unixMs(0), lastJobAt: unixMs(0) },
    ...{ bodyGone: false, version: 1 },
  };
  const withdrawn: string[] = [];
  const ports = {
    templates: {
      find: async () => record,
      change: async (before: TemplateRecord, change: Partial<TemplateRecord>) =>
        (record = { ...before, ...change, version: before.version + 1 }),
    },
    auditorKeys: [KEY],
    onInvalid: (id: string) => void withdrawn.push(id),
  };
  expect(await applyTemplateVerdict(ports, { ...signed(), code: 'ANOTHER' })).toBe('verdict-hash-differs');
  expect(await applyTemplateVerdict(ports, signed({ valid: true, code: 'OK' }))).toBe('applied');
  expect([record.state, withdrawn]).toEqual(['active', []]);
  expect(await applyTemplateVerdict(ports, signed())).toBe('applied');
  expect(await applyTemplateVerdict(ports, signed())).toBe('known');
  expect(await applyTemplateVerdict(ports, signed({ valid: true, code: 'OK' }))).toBe('decided');
  expect([record.state, withdrawn]).toEqual(['invalid', [edgeTemplate().id]]);
  expect((await metricsText()).text).toContain('assay_pool_templates_total{source="pool",state="invalid"} 1\n');
});
