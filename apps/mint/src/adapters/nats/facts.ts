import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import type { CreateQuotePorts } from '../../flows/create-quote.ts';
import type { PausePorts } from '../../flows/pause-issuance.ts';
import type { SettleQuotePorts } from '../../flows/settle-quote.ts';
import { consumeAcceptedBatches } from './accepted-batches.ts';
import { consumeBreaches } from './breaches.ts';
import { consumeVerdicts } from './verdicts.ts';

export type FactPorts = CreateQuotePorts & SettleQuotePorts & { readonly pause: PausePorts };

/** Everything that the mint hears from the pool and the auditor. */
export function consumeFacts(context: ServiceContext, db: Db, bus: Bus, ports: FactPorts): void {
  consumeAcceptedBatches(context, db, bus, ports);
  consumeVerdicts(context, db, bus, ports);
  consumeBreaches(context, db, bus, ports.pause);
}
