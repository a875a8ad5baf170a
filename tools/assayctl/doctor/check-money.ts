import { z } from 'zod';
import type { ListBreachesResponse } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { LETTER_HOLDERS, letterOffice } from '../letter-offices.ts';
import { BREACH_STATES, DEAD_LETTER_CLASSES, DEAD_LETTER_STATES } from '../plain.ts';
import type { Session } from '../session.ts';
import { imbalancesOf } from '../supply-balance.ts';
import { faultText, type Finding, findingsOf } from './finding.ts';

const LETTERS_READ = 1_000;
const QUEUE_AGE_WARN_MS = 60_000;

const mintInfo = z.object({ version: z.string().optional(), description: z.string().optional() });

/** What the services know about money and about what they could not do: supply, dead letters, breaches, the queue. */
export function checkMoney(session: Session): Promise<Finding[]> {
  const checks = [
    look('mint', 'supply', () => supply(session)),
    ...LETTER_HOLDERS.map((holder) => look(holder, 'dead letters', () => deadLetters(session, holder))),
    look('auditor', 'breaches', () => breaches(session)),
    look('auditor', 'queue', () => queue(session)),
    look('mint', 'version', () => mintVersion(session)),
  ];
  return Promise.all(checks);
}

async function look(subject: string, check: string, ask: () => Promise<Finding>): Promise<Finding> {
  try {
    return await ask();
  } catch (error) {
    return findingsOf(subject).skip(check, `could not ask: ${faultText(error)}`);
  }
}

async function supply({ connections }: Session): Promise<Finding> {
  const say = findingsOf('mint');
  const answer = await (await connections.to('mint')).getSupply({ atMs: 0n });
  const [first, ...others] = imbalancesOf(answer);
  const outstanding = answer.units.map(({ unit, outstanding: sum }) => `${sum} ${unit}`).join(', ');
  if (first === undefined) return say.ok('supply', `balanced; outstanding ${outstanding || 'nothing'}`);
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  const what = `${first.unit}: ${first.rule}, expected ${first.expected}, found ${first.found}${more}`;
  return say.fail('supply', what, 'pause (level all), then docs/runbooks/ledger-imbalance.md');
}

async function deadLetters({ connections }: Session, holder: (typeof LETTER_HOLDERS)[number]): Promise<Finding> {
  const say = findingsOf(holder);
  const open = { state: DEAD_LETTER_STATES.valueOf('OPEN') ?? 0, class: DEAD_LETTER_CLASSES.unspecified };
  const { rows, more } = await letterOffice(connections, holder).list(open, LETTERS_READ);
  if (rows.length === 0) return say.ok('dead letters', 'none open');
  const classes = Map.groupBy(rows, (letter) => DEAD_LETTER_CLASSES.nameOf(letter.class));
  const counted = [...classes].map(([name, letters]) => `${letters.length} ${name}`).join(', ');
  const remedy = `\`assayctl dead-letters list --service ${holder}\`; docs/runbooks/dead-letters-open.md`;
  return say.warn('dead letters', `${counted}${more ? ' and more' : ''} open`, remedy);
}

async function breaches({ connections }: Session): Promise<Finding> {
  const say = findingsOf('auditor');
  const state = BREACH_STATES.valueOf('OPEN') ?? BREACH_STATES.unspecified;
  const request = { state, severity: 0, pageSize: 100, pageToken: '' } as const;
  const answer: ListBreachesResponse = await (await connections.to('auditor')).listBreaches(request);
  if (answer.breaches.length === 0) return say.ok('breaches', 'none open');
  const ids = answer.breaches.map(({ breachId }) => breachId).slice(0, 3);
  const remedy = 'docs/runbooks/breach-open.md; once mended, `assayctl breaches acknowledge`';
  return say.fail('breaches', `${answer.breaches.length} open: ${ids.join(', ')}`, remedy);
}

async function queue({ connections }: Session): Promise<Finding> {
  const say = findingsOf('auditor');
  const status = await (await connections.to('auditor')).getQueueStatus({});
  const depth = `${status.depth} batches wait, the oldest ${(status.oldestAgeMs / 1_000n).toString()} s`;
  if (status.circuitOpen) return say.fail('queue', `circuit open; ${depth}`, 'docs/runbooks/circuit-open.md');
  if (status.pausedUntilMs > BigInt(Date.now()))
    return say.warn('queue', `paused; ${depth}`, 'somebody paused it: resume when their reason is gone');
  if (status.oldestAgeMs > QUEUE_AGE_WARN_MS) return say.warn('queue', depth, 'docs/runbooks/oldest-unjudged.md');
  return say.ok('queue', depth);
}

async function mintVersion({ connections, deadlineMs }: Session): Promise<Finding> {
  const say = findingsOf('mint');
  const url = `${connections.settings.mintUrl}/v1/info`;
  const response = await fetch(url, { signal: AbortSignal.timeout(deadlineMs) });
  if (!response.ok)
    return say.warn('version', `${url} answers ${response.status}`, 'is that the mint? --mint-url says where');
  const info = mintInfo.parse(await response.json());
  return say.ok(
    'version',
    [info.version ?? 'unknown', info.description ?? ''].filter((text) => text !== '').join(' · '),
  );
}
