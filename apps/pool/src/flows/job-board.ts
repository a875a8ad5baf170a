import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { createJob, type Job, jobNtime, notifyParams } from '../domain/job.ts';
import type { Tip } from '../domain/judge.ts';
import type { Template } from '../domain/template.ts';

/** A job with its notify lines, rendered once for all connections. */
export interface BoardJob {
  readonly job: Job;
  /** `mining.notify` with its newline. */
  notify(clean: boolean): string;
}

/** One step of the job counter: a template or a refresh of it. */
export interface Work {
  readonly template: Template;
  readonly counter: number;
  /** Whether what miners hold is worth nothing any more: another prev_hash, or the template was INVALID. */
  readonly clean: boolean;
}

export interface Offer {
  readonly template: Template;
  /** Seconds, as of `fetchedAt`. */
  readonly curtime: number;
  readonly fetchedAt: UnixMs;
}

export interface JobBoardOptions {
  readonly clock: Clock;
  /** POOL_TEMPLATE_MAX_AGE_MS */
  readonly maxAgeMs: number;
  /** POOL_STALE_GRACE_MS */
  readonly staleGraceMs: number;
  /** Where job ids begin, so that those of another run of the process are not met again. */
  readonly firstCounter: number;
}

type Listener = (work: Work) => void;

const COUNTER_STEPS = 2 ** 24;
/** Templates that are remembered; jobs of older ones are past their time. */
const TEMPLATES_MAX = 512;

/**
 * What this instance mines on: the current template, the tip, and the jobs of the current step, one for each difficulty
 * in use. Everything in memory; the template is stored before it comes here.
 */
export class JobBoard {
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #staleGraceMs: number;
  readonly #startedAt: UnixMs;
  readonly #prevHashes = new Map<string, string>();
  readonly #listeners: Listener[] = [];
  readonly #invalid = new Set<string>();
  #jobs = new Map<number, BoardJob>();
  #work: Work | undefined;
  #offer: Offer | undefined;
  #tip: Tip | undefined;
  #counter: number;

  constructor(options: JobBoardOptions) {
    this.#clock = options.clock;
    this.#maxAgeMs = options.maxAgeMs;
    this.#staleGraceMs = options.staleGraceMs;
    this.#startedAt = options.clock.now();
    this.#counter = options.firstCounter % COUNTER_STEPS;
  }

  get work(): Work | undefined {
    return this.#work;
  }

  get offer(): Offer | undefined {
    return this.#offer;
  }

  get tip(): Tip | undefined {
    return this.#tip;
  }

  /** Whether there is a template younger than POOL_TEMPLATE_MAX_AGE_MS. */
  isFresh(): boolean {
    return this.#offer !== undefined && this.#clock.now() < this.#offer.fetchedAt + this.#maxAgeMs;
  }

  /** Age of the template in ms; since the start while there never was one. */
  ageMs(): number {
    return this.#clock.now() - (this.#offer?.fetchedAt ?? this.#startedAt);
  }

  isInvalid(templateId: string): boolean {
    return this.#invalid.has(templateId);
  }

  /** Whether no share on this template can be accepted any more: its batches are then sealed. */
  isEnded(templateId: string): boolean {
    const prevHash = this.#prevHashes.get(templateId);
    if (prevHash === undefined || this.#invalid.has(templateId)) return true;
    if (this.#tip === undefined || prevHash === this.#tip.prevHash) return false;
    return prevHash !== this.#tip.before || this.#clock.now() >= this.#tip.changedAt + this.#staleGraceMs;
  }

  /** Takes a stored template, or the same one with a fresh time; tells every listener of the new step. */
  post(offer: Offer): void {
    const tipChanged = this.#moveTip(offer.template.prevHashHex);
    const replacesInvalid = this.#work !== undefined && this.#invalid.has(this.#work.template.id);
    this.#offer = offer;
    this.#prevHashes.delete(offer.template.id);
    this.#prevHashes.set(offer.template.id, offer.template.prevHashHex);
    const [oldest] = this.#prevHashes.keys();
    if (this.#prevHashes.size > TEMPLATES_MAX && oldest !== undefined) this.#forget(oldest);
    this.#step(offer.template, tipChanged || replacesInvalid);
  }

  /** An auditor's word: shares on it are refused; its jobs are withdrawn by the next template. */
  withdraw(templateId: string): void {
    if (this.#prevHashes.has(templateId)) this.#invalid.add(templateId);
  }

  /** The job of the current step at difficulty 2^k. */
  jobAt(k: number): BoardJob | undefined {
    const known = this.#jobs.get(k);
    if (known !== undefined || this.#work === undefined || this.#offer === undefined) return known;
    const { template, counter } = this.#work;
    const ntime = jobNtime(template, this.#offer.curtime, this.#offer.fetchedAt, this.#clock.now());
    const made = boardJob(createJob(template, k, counter, ntime));
    this.#jobs.set(k, made);
    return made;
  }

  onWork(listener: Listener): void {
    this.#listeners.push(listener);
  }

  #forget(templateId: string): void {
    this.#prevHashes.delete(templateId);
    this.#invalid.delete(templateId);
  }

  #moveTip(prevHash: string): boolean {
    if (this.#tip?.prevHash === prevHash) return false;
    const before = this.#tip === undefined ? {} : { before: this.#tip.prevHash };
    this.#tip = { prevHash, ...before, changedAt: this.#clock.now() };
    return true;
  }

  #step(template: Template, clean: boolean): void {
    this.#counter = (this.#counter + 1) % COUNTER_STEPS;
    this.#jobs = new Map();
    this.#work = { template, counter: this.#counter, clean };
    for (const listener of this.#listeners) listener(this.#work);
  }
}

function boardJob(job: Job): BoardJob {
  const lines = new Map<boolean, string>();
  return {
    job,
    notify(clean) {
      const known = lines.get(clean);
      if (known !== undefined) return known;
      const line = `${JSON.stringify({ id: null, method: 'mining.notify', params: notifyParams(job, clean) })}\n`;
      lines.set(clean, line);
      return line;
    },
  };
}
