import type { Clock } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { JudgeConnection } from '../../domain/judge.ts';
import type { SentJob } from '../../domain/job.ts';
import { SHARE_REFUSALS, type Worker } from '../../domain/share.ts';
import type { Limit } from '../../edge-telemetry.ts';
import type { JobBoard } from '../../flows/job-board.ts';
import type { ShareJudge, ShareResult } from '../../flows/judge-share.ts';
import { answerLine, METHOD_REFUSALS, type MethodRefusal, refusalLine, showMessageLine } from './answers.ts';
import type { Message, RequestId } from './message.ts';
import { authorizedWorker, METHODS } from './methods.ts';
import { type MiningRules, MiningWork } from './mining-work.ts';
import type { PrefixBook } from './prefix-book.ts';
import { RefusalWindow } from './refusal-window.ts';

/** What all sessions of an instance share. */
export interface SessionPool {
  readonly clock: Clock;
  readonly board: JobBoard;
  readonly prefixes: PrefixBook;
  readonly rules: MiningRules;
  /** POOL_VERSION_MASK. */
  readonly versionMask: number;
  readonly handshakeMs: number;
  readonly idleMs: number;
  /** The worker's difficulty of the past 24 hours as k, if it had one. */
  lastK(worker: Worker): Promise<number | undefined>;
  judge: ShareJudge;
  /** Tells the statistics of a worker; a fault is theirs. */
  joined(worker: Worker, agent: string): void;
}

/** The way to the miner. */
export interface Wire {
  send(text: string): void;
  close(limit?: Limit): void;
}

const BAD_AUTHORIZES_MAX = 3;
const WORKERS_MAX = 10_000;
/** Further spellings of usernames that are remembered, so that a submit needs no parsing. */
const SPELLINGS_SPARE = 16;

/** One connection of a miner, from accept to close: the order rules of 01-pool section 5, without any socket. */
export class Session implements JudgeConnection {
  readonly pool: SessionPool;
  readonly wire: Wire;
  readonly work: MiningWork;
  /** 16 hex, once subscribed. */
  session = '';
  agent = '';
  extranonceSubscribed = false;
  lockingKey: LockingKey | undefined;
  /** Key that a resumed prefix belongs to. */
  prefixKey: LockingKey | undefined;
  /** Start difficulty by the password, or else as suggested. */
  start: { password?: number; suggested?: number } = {};
  readonly #openedAt: number;
  readonly #refusals = new RefusalWindow();
  readonly #workers = new Map<string, Worker>();
  readonly #spellings = new Map<string, Worker>();
  #prefix: number | undefined;
  #badAuthorizes = 0;
  #lastAcceptedAt: number;
  #starting = false;
  #closed = false;

  constructor(pool: SessionPool, wire: Wire) {
    this.pool = pool;
    this.wire = wire;
    this.#openedAt = pool.clock.now();
    this.#lastAcceptedAt = this.#openedAt;
    this.work = new MiningWork({ ...pool, send: (text) => wire.send(text) });
  }

  get subscribed(): boolean {
    return this.#prefix !== undefined;
  }

  get workers(): Iterable<Worker> {
    return this.#workers.values();
  }

  get workerCount(): number {
    return this.#workers.size;
  }

  receive(message: Message): void {
    switch (message.kind) {
      case 'answer':
        return;
      case 'not-an-object':
        return this.wire.close('json');
      case 'malformed':
        return this.refuse(message.id, 'malformed');
      case 'request':
      case 'notice':
        return this.#call(message.kind === 'request' ? message.id : null, message);
    }
  }

  #call(id: RequestId, message: Extract<Message, { method: string }>): void {
    const method = METHODS.get(message.method);
    if (method !== undefined) method(this, id, message.params);
    else if (message.kind === 'request') this.refuse(id, 'unsupported-method');
  }

  answer(id: RequestId, result: string): void {
    this.wire.send(answerLine(id, result));
  }

  refuse(id: RequestId, reason: MethodRefusal, result?: 'false'): void {
    this.wire.send(refusalLine(id, METHOD_REFUSALS[reason], reason, result));
  }

  refuseAuthorize(id: RequestId, reason: MethodRefusal): void {
    this.refuse(id, reason, 'false');
    this.#badAuthorizes += 1;
    if (this.#badAuthorizes >= BAD_AUTHORIZES_MAX) this.wire.close('bad-authorize');
  }

  /** The connection's prefix from now on. */
  usePrefix(prefix: number): void {
    this.#prefix = prefix;
    this.work.usePrefix(prefix);
  }

  get prefix(): number | undefined {
    return this.#prefix;
  }

  /** False when the connection has too many workers. */
  addWorker(username: string, worker: Worker): boolean {
    if (this.#workers.size >= WORKERS_MAX && !this.#workers.has(worker.name)) return false;
    this.#workers.set(worker.name, worker);
    this.spell(username, worker);
    this.lockingKey = worker.lockingKey;
    this.pool.joined(worker, this.agent);
    return true;
  }

  /** Remembers how a worker is written on this connection. */
  spell(username: string, worker: Worker): void {
    if (this.#spellings.size < 2 * this.#workers.size + SPELLINGS_SPARE) this.#spellings.set(username, worker);
  }

  worker(username: string): Worker | undefined {
    return this.#spellings.get(username) ?? authorizedWorker(this, username);
  }

  workerNamed(name: string): Worker | undefined {
    return this.#workers.get(name);
  }

  sentJob(jobId: string): SentJob | undefined {
    return this.work.sentJob(jobId);
  }

  /** Begins to send jobs when both subscribe and authorize succeeded. */
  startWhenReady(worker: Worker | undefined): void {
    if (!this.subscribed || this.lockingKey === undefined || worker === undefined || this.#starting) return;
    this.#starting = true;
    const wished = this.start.password ?? this.start.suggested;
    if (wished !== undefined) return this.#begin(wished);
    this.pool.lastK(worker).then(
      (k) => this.#begin(this.start.suggested ?? k),
      // Only the start difficulty hangs on it: without the database there are other troubles.
      () => this.#begin(undefined),
    );
  }

  #begin(k: number | undefined): void {
    if (this.#closed) return;
    if (k !== undefined) this.work.suggest(k);
    this.work.start();
  }

  submit(id: RequestId, params: readonly unknown[]): void {
    void this.pool.judge(this, params).then((result) => this.#answerShare(id, result));
  }

  #answerShare(id: RequestId, outcome: ShareResult): void {
    if (this.#closed) return;
    if (outcome.accepted) {
      this.wire.send(answerLine(id, 'true'));
      this.#lastAcceptedAt = this.pool.clock.now();
      this.work.accepted(outcome.k);
    } else this.wire.send(refusalLine(id, SHARE_REFUSALS[outcome.reason], outcome.reason));
    this.#countAnswer(!outcome.accepted && outcome.reason !== 'stale');
  }

  #countAnswer(refused: boolean): void {
    const step = this.#refusals.answered(refused);
    if (step === 'clean-job') this.work.offer(true);
    if (step !== 'close') return;
    this.wire.send(showMessageLine('Most of your shares are refused: check the miner, then connect again.'));
    this.wire.close('refused-shares');
  }

  /** Once a second: vardiff and the limits of time. */
  tick(): void {
    const now = this.pool.clock.now();
    const mining = this.subscribed && this.lockingKey !== undefined;
    if (!mining && now >= this.#openedAt + this.pool.handshakeMs) return this.wire.close('handshake');
    if (now >= this.#lastAcceptedAt + this.pool.idleMs) return this.wire.close('idle');
    this.work.tick();
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#prefix === undefined) return;
    this.pool.prefixes.leave(this.session, this.#prefix, this.prefixKey ?? this.lockingKey);
  }
}
