import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';

const RESUME_MS = 600_000;
const RESUMABLE_MAX = 50_000;

/** Where fresh prefixes come from and go back to. */
export interface PrefixSource {
  take(): number | undefined;
  release(prefix: number): void;
}

interface Left {
  readonly prefix: number;
  readonly lockingKey: LockingKey | undefined;
  readonly closedAt: UnixMs;
}

/** Prefixes by session: one that closed less than ten minutes ago gets its own back. */
export class PrefixBook {
  readonly #source: PrefixSource;
  readonly #clock: Clock;
  readonly #left = new Map<string, Left>();

  constructor(source: PrefixSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  take(): number | undefined {
    return this.#source.take();
  }

  /**
   * The prefix of a closed session and the key that it belongs to, if it is known; it is taken out of the book.
   * @param key of the one who asks, if known: a prefix of another key stays where it is
   */
  resume(session: string, key: LockingKey | undefined): Omit<Left, 'closedAt'> | undefined {
    const left = this.#left.get(session);
    if (left === undefined || this.#clock.now() >= left.closedAt + RESUME_MS) return undefined;
    if (key !== undefined && left.lockingKey !== undefined && left.lockingKey !== key) return undefined;
    this.#left.delete(session);
    return left;
  }

  /** The connection closed. */
  leave(session: string, prefix: number, lockingKey: LockingKey | undefined): void {
    this.#left.set(session, { prefix, lockingKey, closedAt: this.#clock.now() });
    if (this.#left.size > RESUMABLE_MAX) this.#forgetOldest();
  }

  /** The prefix will not be used again, such as one that was replaced. */
  release(prefix: number): void {
    this.#source.release(prefix);
  }

  /** Once a second: gives back what nobody may resume any more. */
  expire(): void {
    const now = this.#clock.now();
    for (const { closedAt } of this.#left.values()) {
      if (now < closedAt + RESUME_MS) return;
      this.#forgetOldest();
    }
  }

  /** At the end: everything goes back. */
  releaseAll(): void {
    while (this.#left.size > 0) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const [oldest] = this.#left;
    if (oldest === undefined) return;
    this.#left.delete(oldest[0]);
    this.#source.release(oldest[1].prefix);
  }
}
