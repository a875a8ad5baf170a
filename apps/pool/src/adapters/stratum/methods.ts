import { randomBytes } from 'node:crypto';
import { parseHex } from '@assay/shared/kernel/bytes';
import { kOfTarget } from '../../domain/difficulty.ts';
import type { Worker } from '../../domain/share.ts';
import { keyFits, kOfDifficulty, parsePassword, parseUsername } from '../../domain/username.ts';
import { setExtranonceLine } from './answers.ts';
import { configure } from './configure.ts';
import type { RequestId } from './message.ts';
import type { Session } from './session.ts';

type Method = (session: Session, id: RequestId, params: readonly unknown[]) => void;

const AGENT_MAX = 64;
const PASSWORD_MAX = 256;
const EXTRANONCE2_BYTES = 8;

/** The methods of 01-pool section 5; every other name is unsupported. */
export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['mining.submit', (session, id, params) => session.submit(id, params)],
  ['mining.configure', answerConfigure],
  ['mining.subscribe', subscribe],
  ['mining.authorize', authorize],
  ['mining.suggest_difficulty', suggestDifficulty],
  ['mining.suggest_target', suggestTarget],
  ['mining.extranonce.subscribe', subscribeExtranonce],
  ['mining.ping', (session, id) => session.answer(id, '"pong"')],
]);

function answerConfigure(session: Session, id: RequestId, params: readonly unknown[]): void {
  const agreed = configure(params, session.pool.versionMask);
  if (agreed === undefined) return session.refuse(id, 'malformed');
  session.answer(id, agreed.answer);
  if (agreed.extranonceSubscribed) session.extranonceSubscribed = true;
  if (agreed.versionMask !== undefined) session.work.agreeMask(agreed.versionMask);
  if (agreed.minimum !== undefined) session.work.wish({ configured: agreed.minimum.lower });
}

function subscribe(session: Session, id: RequestId, params: readonly unknown[]): void {
  const [agent = null, wanted = null] = params;
  const wellFormed = (agent === null || typeof agent === 'string') && (wanted === null || typeof wanted === 'string');
  if (!wellFormed) return session.refuse(id, 'malformed');
  if (!session.subscribed && !openSession(session, agent ?? '', wanted ?? '')) {
    session.refuse(id, 'no-prefix');
    return session.wire.close();
  }
  const { session: name, work } = session;
  const subscriptions = `[["mining.set_difficulty","${name}"],["mining.notify","${name}"]]`;
  session.answer(id, `[${subscriptions},"${work.prefixHex()}",${EXTRANONCE2_BYTES}]`);
  const [worker] = session.workers;
  session.startWhenReady(worker);
}

/** Gives the session its prefix: the one that it had, or a fresh one; false when there is none. */
function openSession(session: Session, agent: string, wanted: string): boolean {
  const { prefixes } = session.pool;
  const resumed = prefixes.resume(wanted, session.lockingKey);
  const prefix = resumed?.prefix ?? prefixes.take();
  if (prefix === undefined) return false;
  session.agent = printable(agent);
  session.session = resumed === undefined ? randomBytes(8).toString('hex') : wanted;
  session.prefixKey = resumed?.lockingKey;
  session.usePrefix(prefix);
  return true;
}

function printable(agent: string): string {
  return agent.replace(/[^\x20-\x7e]/g, '').slice(0, AGENT_MAX);
}

function authorize(session: Session, id: RequestId, params: readonly unknown[]): void {
  const [username, password] = params;
  if (typeof username !== 'string') return session.refuse(id, 'malformed', 'false');
  const parsed = parseUsername(username);
  if (!parsed.ok) return session.refuseAuthorize(id, parsed.error);
  const worker = parsed.value;
  if (!keyFits(session.lockingKey, worker.lockingKey)) return session.refuseAuthorize(id, 'key-differs');
  const foreign = !keyFits(session.prefixKey, worker.lockingKey);
  if (foreign && !session.extranonceSubscribed) {
    session.refuse(id, 'key-differs', 'false');
    return session.wire.close('key-differs');
  }
  if (!session.addWorker(username, worker)) return session.refuseAuthorize(id, 'bad-worker');
  session.answer(id, 'true');
  takeWishes(session, password);
  if (foreign && !replacePrefix(session)) return session.wire.close();
  session.startWhenReady(worker);
}

function takeWishes(session: Session, password: unknown): void {
  if (typeof password !== 'string' || password.length > PASSWORD_MAX) return;
  const { start, min, max } = parsePassword(password);
  if (start !== undefined) session.start.password = start;
  if (min !== undefined || max !== undefined) session.work.wish({ lower: min, upper: max });
}

/** The resumed prefix belongs to another key: P7. */
function replacePrefix(session: Session): boolean {
  const { prefixes } = session.pool;
  const prefix = prefixes.take();
  if (prefix === undefined) return false;
  if (session.prefix !== undefined) prefixes.release(session.prefix);
  session.prefixKey = undefined;
  session.usePrefix(prefix);
  session.wire.send(setExtranonceLine(session.work.prefixHex()));
  return true;
}

function suggestDifficulty(session: Session, id: RequestId, params: readonly unknown[]): void {
  const k = kOfDifficulty(params[0]);
  if (k === undefined) return session.refuse(id, 'malformed');
  suggest(session, id, k);
}

function suggestTarget(session: Session, id: RequestId, params: readonly unknown[]): void {
  const [text] = params;
  const target = typeof text === 'string' ? parseHex(text, 32) : undefined;
  if (target === undefined || !target.ok) return session.refuse(id, 'malformed');
  suggest(session, id, kOfTarget(target.value));
}

function suggest(session: Session, id: RequestId, k: number): void {
  session.answer(id, 'true');
  session.start.suggested = k;
  if (session.work.started) session.work.suggest(k);
}

function subscribeExtranonce(session: Session, id: RequestId): void {
  session.extranonceSubscribed = true;
  session.answer(id, 'true');
}

/** The worker that a username means on this connection: compared as key + worker, whatever the spelling. */
export function authorizedWorker(session: Session, username: string): Worker | undefined {
  const parsed = parseUsername(username);
  if (!parsed.ok || parsed.value.lockingKey !== session.lockingKey) return undefined;
  const worker = session.workerNamed(parsed.value.name);
  if (worker !== undefined) session.spell(username, worker);
  return worker;
}
