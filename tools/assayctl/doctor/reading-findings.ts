import { z } from 'zod';
import { type Sample, sumOf } from '../../stack/metrics.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Instance } from './instances.ts';
import type { Reading } from './read-instance.ts';

/** The header of the time has whole seconds. */
const SKEW_WARN_MS = 2_000;
const SKEW_FAIL_MS = 30_000;
const OUTBOX_WARN_S = 30;

const readyz = z.object({ ready: z.boolean(), probes: z.record(z.string(), z.boolean()).optional() }).loose();

/** What an instance told over HTTP. */
export function readingFindings({ name, service, metrics }: Instance, reading: Reading): Finding[] {
  const say = findingsOf(name);
  if ('fault' in reading) {
    const remedy = `is ${name} running? its log says why not (local stack: .assay/stack/logs/${name}.log)`;
    return [say.fail('health', `no answer at ${metrics ?? 'an unknown address'}: ${reading.fault}`, remedy)];
  }
  const { samples } = reading;
  return [
    readiness(name, reading.ready),
    clock(name, reading.skewMs),
    ...(service === 'mint' ? [pausedLevel(name, samples), imbalance(name, samples)] : []),
    ...adminLog(name, samples),
    ...outbox(name, samples),
  ];
}

function readiness(name: string, text: string): Finding {
  const say = findingsOf(name);
  const answer = readyz.safeParse(JSON.parse(text));
  if (answer.success && answer.data.ready) return say.ok('ready', 'ready');
  return say.fail('ready', `not ready: ${text.trim()}`, 'mend what is false there; docs/runbooks/service-not-ready.md');
}

function clock(name: string, skewMs: number): Finding {
  const say = findingsOf(name);
  const seconds = `${(skewMs / 1_000).toFixed(1)} s`;
  if (Math.abs(skewMs) <= SKEW_WARN_MS) return say.ok('clock', 'as here, to the second');
  const verdict = Math.abs(skewMs) <= SKEW_FAIL_MS ? say.warn : say.fail;
  return verdict('clock', `${seconds} from the clock here`, 'see that both machines keep the time (NTP)');
}

function pausedLevel(name: string, samples: readonly Sample[]): Finding {
  const say = findingsOf(name);
  const level = ['ALL', 'ISSUANCE'].find((each) => sumOf(samples, 'assay_mint_paused', { level: each }) > 0);
  if (level === undefined) return say.ok('issuance', 'not paused');
  const remedy = 'find out who and why (docs/runbooks/mint-paused.md), then `assayctl resume --reason …`';
  return say.fail('issuance', `paused at level ${level}`, remedy);
}

function imbalance(name: string, samples: readonly Sample[]): Finding {
  const say = findingsOf(name);
  const units = sumOf(samples, 'assay_ledger_imbalance_units');
  if (units === 0) return say.ok('ledger', 'its last recount found nothing');
  return say.fail('ledger', `out of balance by ${units}`, 'docs/runbooks/ledger-imbalance.md; do not resume');
}

/** Of the services that take commands of operators. */
function adminLog(name: string, samples: readonly Sample[]): Finding[] {
  if (!samples.some((sample) => sample.name === 'assay_admin_log_broken')) return [];
  const say = findingsOf(name);
  if (sumOf(samples, 'assay_admin_log_broken') === 0) return [say.ok('admin log', 'its chain holds')];
  return [
    say.fail('admin log', 'an entry is not what was written', 'docs/runbooks/admin-log-broken.md; keep everything'),
  ];
}

function outbox(name: string, samples: readonly Sample[]): Finding[] {
  if (!samples.some((sample) => sample.name === 'assay_outbox_oldest_unsent_age_seconds')) return [];
  const say = findingsOf(name);
  const age = sumOf(samples, 'assay_outbox_oldest_unsent_age_seconds');
  if (age < OUTBOX_WARN_S) return [say.ok('events', 'all sent')];
  return [
    say.warn('events', `the oldest event waits ${age.toFixed(0)} s`, 'is NATS there? docs/runbooks/outbox-age.md'),
  ];
}
