import { err, ok, type Result } from '@assay/shared/kernel/result';
import { readAgain } from '@assay/shared/kernel/read-again';
import { saysWhy } from '../domain/operator-reason.ts';
import type { JudgePorts } from '../ports.ts';
import type { DeadLetters, LetterRefusal } from '../upkeep-ports.ts';
import { countVerdict } from '../telemetry.ts';
import { signVerdict } from './sign-verdict.ts';

export type DropPorts = Pick<JudgePorts, 'batches' | 'clock' | 'signer'> & { readonly deadLetters: DeadLetters };

/** Closes a dead letter for good; its batch becomes INVALID `OPERATOR_DROPPED` (02-auditor sections 3 and 5.1). */
export async function dropDeadLetter(
  ports: DropPorts,
  id: string,
  reason: string,
): Promise<Result<undefined, LetterRefusal>> {
  if (!saysWhy(reason)) return err('REASON_TOO_SHORT');
  const letter = await ports.deadLetters.find(id);
  if (letter === undefined) return err('DEAD_LETTER_UNKNOWN');
  if (letter.state !== 'OPEN') return err('DEAD_LETTER_CLOSED');
  if (letter.subject?.kind === 'batch') await refuseBatch(ports, letter.subject.id, letter.subject.revision);
  const refusal = await ports.deadLetters.markDropped(id, reason, ports.clock.now());
  return refusal === undefined ? ok() : err(refusal);
}

async function refuseBatch(ports: DropPorts, id: string, revision: number): Promise<void> {
  await readAgain(`batch ${id}`, async () => {
    const stored = await ports.batches.find(id);
    if (stored?.state !== 'DEAD' || stored.revision !== revision) return undefined;
    const ruling = { result: 'INVALID', code: 'OPERATOR_DROPPED', credited: 0n, excluded: [] } as const;
    const verdict = signVerdict(ports, stored, undefined, { ruling, creditedHashes: [], luck: undefined });
    if ((await ports.batches.settle(stored, verdict, stored.trace)) === 'stale') return 'stale';
    countVerdict(ruling.result, ruling.code);
    return undefined;
  });
}
