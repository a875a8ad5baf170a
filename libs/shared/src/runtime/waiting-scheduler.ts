import type { Disposition } from './consumer.ts';
import type { Arrival, Ended } from './message-runner.ts';
import type { ConsumerParts } from './stream-intake.ts';
import type { TraceContext } from './telemetry.ts';
import { arrivalOf, type WaitingMessage } from './waiting-messages.ts';

const TICK_MS = 1_000;
const RENEW_EVERY_MS = 20_000;
const STOP_GRACE_MS = 8_000;

/** Runs waiting messages whose time has come; several instances share them by claims. */
export class WaitingScheduler {
  private readonly parts: ConsumerParts;
  private readonly options: { readonly concurrency: number; readonly paused: () => boolean };
  private readonly running = new Set<Promise<void>>();
  private filling = false;
  private stopped = false;

  constructor(
    parts: ConsumerParts,
    options: { readonly durable: string; readonly concurrency: number; readonly paused: () => boolean },
  ) {
    this.parts = parts;
    this.options = options;
    parts.context.every(`waiting messages of ${options.durable}`, TICK_MS, async () => {
      if (this.stopped) return;
      await parts.waiting.requeueReplayed();
      await this.fill();
    });
  }

  /** Begins no more; waits for what runs as far as the time allows. */
  async stop(): Promise<void> {
    this.stopped = true;
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_GRACE_MS);
    });
    await Promise.race([Promise.all(this.running), grace]);
    clearTimeout(timer);
  }

  private async fill(): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    try {
      while (!this.stopped && !this.options.paused() && this.running.size < this.options.concurrency) {
        const claimed = await this.parts.waiting.claim();
        if (claimed === undefined) return;
        this.begin(claimed);
      }
    } finally {
      this.filling = false;
    }
  }

  private begin(claimed: WaitingMessage): void {
    const { log } = this.parts.context;
    const run = this.runClaimed(claimed)
      .catch((error: unknown) => log.warn({ err: error, message: claimed._id }, 'a waiting message comes again'))
      .finally(() => {
        this.running.delete(run);
        return this.fill().catch((error: unknown) => log.warn({ err: error }, 'waiting messages cannot be read'));
      });
    this.running.add(run);
  }

  private async runClaimed(claimed: WaitingMessage): Promise<void> {
    const { runner, endings, waiting, maxDeliver, context } = this.parts;
    const arrival = arrivalOf(claimed);
    if (claimed.runs > maxDeliver) {
      await endings.crashed(arrival);
      return waiting.remove(claimed);
    }
    const renewal = setInterval(() => {
      waiting.renew(claimed).catch((error: unknown) => context.log.warn({ err: error }, 'a claim was not renewed'));
    }, RENEW_EVERY_MS);
    try {
      const settle = (disposition: Disposition, trace: TraceContext | undefined) =>
        this.settle(claimed, arrival, disposition, trace);
      await this.conclude(claimed, arrival, await runner.run(arrival, settle));
    } finally {
      clearInterval(renewal);
    }
  }

  private async settle(
    claimed: WaitingMessage,
    arrival: Arrival,
    disposition: Disposition,
    trace: TraceContext | undefined,
  ): Promise<void> {
    const { waiting, endings } = this.parts;
    if (disposition.do === 'wait') {
      const delayMs = disposition.delaysMs[arrival.attempt] ?? 0;
      return waiting.waitAgain(claimed, disposition.code, delayMs);
    }
    if (disposition.do !== 'ack') await endings.refused(arrival, disposition, trace);
    await waiting.remove(claimed);
  }

  private async conclude(claimed: WaitingMessage, arrival: Arrival, ended: Ended): Promise<void> {
    const { runner, endings, waiting, maxDeliver } = this.parts;
    if (ended.end !== 'fault') return;
    await runner.outlasting(async () => {
      if (claimed.runs < maxDeliver) return waiting.restAfterFault(claimed);
      await endings.failed(arrival, ended.error);
      await waiting.remove(claimed);
    });
  }
}
