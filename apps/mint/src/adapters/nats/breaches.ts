import {
  BreachAcknowledged,
  BreachOpened,
  BreachSeverity as WireSeverity,
} from '@assay/proto/gen/assay/auditor/v1/events';
import { consume } from '@assay/shared/runtime/consumer';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import { breachClosed, breachOpened, type BreachSeverity, type OpenedBreach } from '../../flows/follow-breaches.ts';
import type { PausePorts } from '../../flows/pause-issuance.ts';

/** Durable `mint-breaches`: what the auditor found broken pauses the mint until an operator resumes it. */
export function consumeBreaches(context: ServiceContext, db: Db, bus: Bus, ports: PausePorts): void {
  consume(context, db, bus, {
    durable: 'mint-breaches',
    events: ['auditor.breach.opened', 'auditor.breach.acknowledged'],
    concurrency: 1,
    handle: async ({ event, raw }) => {
      if (event === 'auditor.breach.opened') await breachOpened(ports, parseOpened(BreachOpened.decode(raw)));
      else await breachClosed(ports, parseAcknowledged(BreachAcknowledged.decode(raw)));
      return { do: 'ack' };
    },
  });
}

function parseOpened({ breachId, version, severity, expected, found }: BreachOpened): OpenedBreach {
  return { breachId, version: Number(version), severity: severityOf(severity), expected, found };
}

function parseAcknowledged({ breachId, version }: BreachAcknowledged) {
  return { breachId, version: Number(version) };
}

/** A severity of a newer auditor that is not known here stops everything. */
function severityOf(severity: WireSeverity): BreachSeverity {
  if (severity === WireSeverity.BREACH_SEVERITY_REPORT) return 'REPORT';
  return severity === WireSeverity.BREACH_SEVERITY_STOP_ISSUANCE ? 'STOP_ISSUANCE' : 'STOP_ALL';
}
