import type { Bytes } from '@assay/shared/kernel/bytes';
import { bytesEqual } from '@assay/shared/kernel/bytes';
import { step } from '@assay/shared/kernel/machine';
import { readAgain } from '@assay/shared/kernel/read-again';
import { TEMPLATE, type TemplateRecord } from '../domain/template.ts';
import { templateVerdictHash, type TemplateVerdictGiven, type VerdictFault, verifyVerdict } from '../domain/verdict.ts';
import { templateReached } from '../edge-telemetry.ts';
import type { TemplateChange, TemplatePort } from '../ports.ts';

export interface ApplyTemplateVerdictPorts {
  readonly templates: Pick<TemplatePort, 'find' | 'change'>;
  /** POOL_AUDITOR_KEYS, x-only. */
  readonly auditorKeys: readonly Bytes[];
  /** Told at once in this instance; the others read the collection each second. */
  onInvalid(templateId: string): void;
}

export type TemplateVerdictOutcome = 'applied' | 'known' | 'template-unknown' | 'decided' | VerdictFault;

/** Notes the verdict; INVALID takes the template's jobs back. CLOSED templates only keep the note. */
export async function applyTemplateVerdict(
  ports: ApplyTemplateVerdictPorts,
  verdict: TemplateVerdictGiven,
): Promise<TemplateVerdictOutcome> {
  const genuine = verifyVerdict(verdict, templateVerdictHash(verdict), ports.auditorKeys);
  if (!genuine.ok) return genuine.error;
  return readAgain<TemplateVerdictOutcome>(`template ${verdict.templateId}`, async () => {
    const record = await ports.templates.find(verdict.templateId);
    if (record === undefined) return 'template-unknown';
    if (record.verdict !== undefined && bytesEqual(record.verdict.verdictHash, verdict.verdictHash)) return 'known';
    if (record.verdict?.valid === false) return 'decided';
    const change = changeBy(record, verdict);
    if ((await ports.templates.change(record, change)) === undefined) return 'stale';
    if (change.state !== undefined) templateReached(change.state);
    if (!verdict.valid) ports.onInvalid(verdict.templateId);
    return 'applied';
  });
}

function changeBy(record: TemplateRecord, verdict: TemplateVerdictGiven): TemplateChange {
  const { valid, code, verdictHash, decidedAt } = verdict;
  const noted = { verdict: { valid, code, verdictHash, decidedAt } };
  const state = valid ? undefined : step(TEMPLATE, record.state, 'judged-invalid');
  return state === undefined ? noted : { ...noted, state };
}
