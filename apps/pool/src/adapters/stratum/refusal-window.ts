const ANSWERED = 100;
const REFUSED_MAX = 50;

/** What a connection that only makes refused shares is due. */
export type RefusalStep = 'fine' | 'clean-job' | 'close';

/** Of the last 100 answered submits 50 or more refused (stale ones aside): first a clean job, after 100 more the end. */
export class RefusalWindow {
  readonly #refused = new Uint8Array(ANSWERED);
  #answered = 0;
  #count = 0;
  #warnedAt: number | undefined;

  answered(refused: boolean): RefusalStep {
    const place = this.#answered % ANSWERED;
    this.#count += Number(refused) - (this.#refused[place] ?? 0);
    this.#refused[place] = Number(refused);
    this.#answered += 1;
    if (this.#answered < ANSWERED || this.#count < REFUSED_MAX) return 'fine';
    if (this.#warnedAt === undefined) {
      this.#warnedAt = this.#answered;
      return 'clean-job';
    }
    return this.#answered >= this.#warnedAt + ANSWERED ? 'close' : 'fine';
  }
}
