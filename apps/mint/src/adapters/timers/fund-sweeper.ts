import type { ServiceContext } from '@assay/shared/runtime/service';
import { creditGrants, type CreditGrantPorts } from '../../flows/approve-grant.ts';
import { sweepFunds, type SweepFundsPorts } from '../../flows/sweep-funds.ts';

const EVERY_MS = 5_000;

/** Finishes what a crash left reserved in the funds, or approved and not credited. */
export function startFundSweeper(context: ServiceContext, ports: SweepFundsPorts & CreditGrantPorts): void {
  context.every('funds', EVERY_MS, async () => {
    await creditGrants(ports);
    await sweepFunds(ports);
  });
}
