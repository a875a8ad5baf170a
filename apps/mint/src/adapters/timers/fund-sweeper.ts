import type { ServiceContext } from '@assay/shared/runtime/service';
import { sweepFunds, type SweepFundsPorts } from '../../flows/sweep-funds.ts';

const EVERY_MS = 5_000;

/** Finishes what a crash left reserved in the funds. */
export function startFundSweeper(context: ServiceContext, ports: SweepFundsPorts): void {
  context.every('funds', EVERY_MS, () => sweepFunds(ports));
}
