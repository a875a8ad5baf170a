import { type Bytes, toHex, u32 } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import { type DifficultyBounds, withinBounds } from '../../domain/difficulty.ts';
import type { SentJob } from '../../domain/job.ts';
import { afterShare, afterTime, startWindow, type VardiffStep, type VardiffWindow } from '../../domain/vardiff.ts';
import { vardiffChanged } from '../../edge-telemetry.ts';
import type { JobBoard } from '../../flows/job-board.ts';
import { setDifficultyLine, setVersionMaskLine } from './answers.ts';

const SENT_MAX = 32;

export interface MiningRules {
  /** Of the pool at the network target of now. */
  readonly bounds: () => DifficultyBounds;
  readonly startK: number;
  readonly sharesPerMinute: number;
  readonly jobTtlMs: number;
}

/** Bounds that the miner asked for, as k; missing = none. */
export interface WishedBounds {
  readonly configured?: number | undefined;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

/** Difficulty, masks and jobs of one connection: what was sent, in which order, and what may come back. */
export class MiningWork {
  readonly #board: JobBoard;
  readonly #clock: Clock;
  readonly #rules: MiningRules;
  readonly #send: (text: string) => void;
  readonly #sent = new Map<string, SentJob>();
  #prefix: Bytes = new Uint8Array(4);
  #wished: WishedBounds = {};
  #toldK: number | undefined;
  /** What configure agreed with the pool's mask; undefined without configure. */
  #agreedMask: number | undefined;
  #toldMask = 0;
  #window: VardiffWindow;
  #started = false;

  constructor(parts: { board: JobBoard; clock: Clock; rules: MiningRules; send: (text: string) => void }) {
    this.#board = parts.board;
    this.#clock = parts.clock;
    this.#rules = parts.rules;
    this.#send = parts.send;
    this.#window = startWindow(parts.rules.startK, parts.clock.now());
  }

  get k(): number {
    return this.#window.k;
  }

  get started(): boolean {
    return this.#started;
  }

  usePrefix(prefix: number): void {
    this.#prefix = u32(prefix);
  }

  prefixHex(): string {
    return toHex(this.#prefix);
  }

  /** Effective with the next job. */
  agreeMask(mask: number): void {
    this.#agreedMask = mask;
    this.#toldMask = mask;
  }

  wish(bounds: WishedBounds): void {
    this.#wished = { ...this.#wished, ...bounds };
    if (this.#started) this.#move(this.k);
  }

  /** A difficulty that the miner suggests: at once when it mines, else for its start. */
  suggest(k: number): void {
    if (this.#started) this.#move(k);
    else this.#window = startWindow(k, this.#clock.now());
  }

  /** Both halves of the handshake are done. */
  start(): void {
    this.#started = true;
    this.#window = startWindow(this.#clamped(this.k), this.#clock.now());
    this.offer(true);
  }

  /** Sends the job of the current step; changes of difficulty and mask come before it. */
  offer(clean: boolean): void {
    if (!this.#started) return;
    const k = this.#clamped(this.k);
    if (k !== this.k) this.#window = startWindow(k, this.#clock.now());
    const offered = this.#board.jobAt(k);
    if (offered === undefined) return;
    const { job } = offered;
    const first = this.#toldK === undefined;
    const versionMask = this.#maskOf(job.template.versionMask);
    const difficulty = this.#toldK === k ? '' : setDifficultyLine(k);
    const mask =
      this.#agreedMask === undefined || versionMask === this.#toldMask ? '' : setVersionMaskLine(versionMask);
    this.#toldK = k;
    this.#toldMask = versionMask;
    this.#remember({ job, extranoncePrefix: this.#prefix, versionMask, sentAt: this.#clock.now() });
    this.#send(difficulty + mask + offered.notify(clean || first));
  }

  sentJob(jobId: string): SentJob | undefined {
    return this.#sent.get(jobId);
  }

  accepted(k: number): void {
    if (k !== this.k) return;
    this.#step(afterShare(this.#window, this.#rules.sharesPerMinute, this.#bounds(), this.#clock.now()));
  }

  /** Once a second. */
  tick(): void {
    if (!this.#started) return;
    this.#step(afterTime(this.#window, this.#rules.sharesPerMinute, this.#bounds(), this.#clock.now()));
  }

  #step({ window, changedBy }: VardiffStep): void {
    this.#window = window;
    if (changedBy === undefined) return;
    vardiffChanged(changedBy);
    this.offer(false);
  }

  #move(wanted: number): void {
    const k = this.#clamped(wanted);
    if (k === this.k) return;
    this.#window = startWindow(k, this.#clock.now());
    this.offer(false);
  }

  #clamped(k: number): number {
    return withinBounds(k, this.#bounds());
  }

  /** Those of the pool, of configure and of the password; where they leave nothing, the lower bound rules. */
  #bounds(): DifficultyBounds {
    const pool = this.#rules.bounds();
    const { configured = pool.min, lower = pool.min, upper = pool.max } = this.#wished;
    const min = withinBounds(Math.max(configured, lower), pool);
    return { min, max: Math.max(min, withinBounds(upper, pool)) };
  }

  #maskOf(templateMask: number): number {
    return this.#agreedMask === undefined ? 0 : (this.#agreedMask & templateMask) >>> 0;
  }

  #remember(sent: SentJob): void {
    this.#sent.delete(sent.job.id);
    this.#sent.set(sent.job.id, sent);
    for (const [id, { sentAt }] of this.#sent) {
      if (this.#sent.size <= SENT_MAX && this.#clock.now() < sentAt + this.#rules.jobTtlMs) return;
      this.#sent.delete(id);
    }
  }
}
