import type { UnixMs } from '@assay/shared/kernel/clock';
import type { TemplateSettings } from '../domain/build-template.ts';
import { type Made, makeTemplate, type MakeTemplatePorts } from './make-template.ts';

const RETRY_MS = 1_000;

/** When templates are made: at each new tip, each POOL_TEMPLATE_REFRESH_MS, and when the source tells of a newer one. */
export class TemplateMaker {
  readonly #ports: MakeTemplatePorts;
  readonly #settings: TemplateSettings;
  readonly #refreshMs: number;
  #running: Promise<void> | undefined;
  #again = false;
  #last: Made | undefined;
  #lastAt: UnixMs | undefined;

  constructor(ports: MakeTemplatePorts, settings: TemplateSettings, refreshMs: number) {
    this.#ports = ports;
    this.#settings = settings;
    this.#refreshMs = refreshMs;
  }

  /** Makes a template now, or once more after the one that is being made. */
  make(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Once a second: a refresh when it is time, and another try when the last one brought nothing. */
  async tick(): Promise<void> {
    const { mayMake, board } = this.#ports;
    if (!mayMake()) return;
    const current = board.work?.template.id;
    if (current !== undefined && board.isInvalid(current)) return this.#leaveSource();
    const due = this.#last?.outcome !== 'made' && this.#last?.outcome !== 'kept';
    const refresh = this.#lastAt === undefined || this.#ports.clock.now() >= this.#lastAt + this.#refreshMs;
    if (due || refresh) await this.make();
  }

  /** An auditor judged what is mined on invalid: the next source makes the next template. */
  #leaveSource(): Promise<void> {
    const node = this.#ports.watch.inUse();
    if (node !== undefined) this.#ports.watch.distrust(node);
    return this.make();
  }

  /** Waits at the source for the next template, for ever, until the signal. */
  async longPoll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const longPoll = this.#ports.mayMake() ? this.#last?.longPoll : undefined;
      const inUse = longPoll !== undefined && this.#ports.watch.inUse() === longPoll.node;
      if (!inUse) await this.#ports.pause(RETRY_MS);
      else if (await this.#news(longPoll, signal)) await this.make();
      else await this.#ports.pause(RETRY_MS);
    }
  }

  async #news({ node, id }: NonNullable<Made['longPoll']>, signal: AbortSignal): Promise<boolean> {
    try {
      await node.template({ id, signal });
      return !signal.aborted;
    } catch {
      // The tip poll notices a source that is away; a wait that brought nothing is begun anew.
      return false;
    }
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        this.#last = await makeTemplate(this.#ports, this.#settings);
      } catch (error) {
        this.#last = undefined;
        this.#ports.reportFault('make-template', error);
      }
      this.#lastAt = this.#ports.clock.now();
    }
    // In the same turn as the last look at #again: a call after it begins anew.
    this.#running = undefined;
  }
}
