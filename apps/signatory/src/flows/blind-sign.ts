import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { BlindSignature } from '../domain/blind-signature.ts';
import { admitIssue, type IssueWindow } from '../domain/issue-window.ts';
import type { Unit } from '../domain/keyset.ts';
import { type Refusal, refusal } from '../domain/refusal.ts';
import { type BlindedMessage, planSigning } from '../domain/signing-request.ts';
import type { Signer } from '../ports.ts';
import { countRefusal, signingSpan } from '../telemetry.ts';
import type { Keyring } from './keyring.ts';

export interface BlindSignPorts {
  readonly keyring: Keyring;
  readonly signer: Signer;
  readonly limiter: IssueLimiter;
  readonly clock: Clock;
  readonly graceMs: number;
}

/** Signs every message or none; signatures are in the order of the messages. */
export function blindSign(
  ports: BlindSignPorts,
  messages: readonly BlindedMessage[],
): Promise<Result<readonly BlindSignature[], Refusal>> {
  return signingSpan(messages.length, async () => {
    const outcome = await sign(ports, messages);
    if (!outcome.ok) countRefusal('blind-sign', outcome.error.code);
    return outcome;
  });
}

async function sign(
  { keyring, signer, limiter, clock, graceMs }: BlindSignPorts,
  messages: readonly BlindedMessage[],
): Promise<Result<readonly BlindSignature[], Refusal>> {
  const known = await keyring.find(new Set(messages.map(({ keysetId }) => keysetId)));

  const plan = planSigning(messages, known, { now: clock.now(), graceMs });
  if (!plan.ok) return plan;
  const admitted = limiter.admit(plan.value.issued);
  if (!admitted.ok) return admitted;

  return ok(await signer.sign(plan.value.jobs));
}

/** What this instance signed in the last minute, per unit. */
export interface IssueLimiter {
  /** Counts all amounts, or none when one unit would exceed the limit. */
  admit(issued: ReadonlyMap<Unit, bigint>): Result<undefined, Refusal>;
}

/** @param limit units a minute of each unit; 0 = no limit */
export function issueLimiter(clock: Clock, limit: bigint): IssueLimiter {
  const windows = new Map<Unit, IssueWindow>();
  return {
    admit(issued) {
      const admitted = new Map<Unit, IssueWindow>();
      for (const [unit, amount] of issued) {
        const window = admitIssue(windows.get(unit) ?? [], amount, limit, clock.now());
        if (!window.ok) return err(refusal('minting-disabled', `unit ${unit} reached its limit of a minute`));
        admitted.set(unit, window.value);
      }
      for (const [unit, window] of admitted) windows.set(unit, window);
      return ok();
    },
  };
}
