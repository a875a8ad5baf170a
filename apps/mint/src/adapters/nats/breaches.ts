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

/** `<rule>:<scope>`. Almost any bytes decode to a message of fields left out, and noise must not stop the mint. */
const BREACH_ID = /^[A-Z][A-Z0-9_]{0,63}:[ -~]{1,512}$/;

/** Durable `mint-breaches`: what the auditor found broken pauses the mint until an operator resumes it. */
export function consumeBreaches(context: ServiceContext, db: Db, bus: Bus, ports: PausePorts): void {
  consume(context, db, bus, {
    durable: 'mint-breaches',
    events: ['auditor.breach.opened', 'auditor.breach.acknowledged'],
    concurrency: 1,
    handle: async ({ event, message, raw }) => {
      if (!BREACH_ID.test(message.breachId)) return { do: 'poison', code: 'BREACH_MALFORMED' };
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
