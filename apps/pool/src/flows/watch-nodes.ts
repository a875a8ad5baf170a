import { BoundedMap } from '@assay/shared/kernel/bounded-map';
import { type Clock, later, type UnixMs } from '@assay/shared/kernel/clock';
import { type NodeTemplate, readNodeTemplate, type TemplateFault } from '../domain/build-template.ts';
import {
  chooseNode,
  DISTRUST_MS,
  FAILURES_MAX,
  hasForeignRule,
  isHealthy,
  type NodeHealth,
  reviewed,
  UNKNOWN_NODE,
} from '../domain/node-health.ts';
import type { Result } from '@assay/shared/kernel/result';
import { nodeSeen } from '../edge-telemetry.ts';
import type { ChainNode } from '../node-port.ts';

/** Height and download state are asked for at each new tip and this often. */
const STATE_MS = 5_000;
const TIPS_MAX = 16;

interface Watched {
  readonly node: ChainNode;
  stateAt: UnixMs | undefined;
  /** Templates in a row that it did not give, whatever else it answered in between. */
  templatesFailed: number;
}

export type TipListener = (hash: string) => void;

/** Tips and health of all sources of templates, and which of them is in use. */
export class NodeWatch {
  readonly #clock: Clock;
  readonly #nodes: readonly Watched[];
  readonly #tipShownAt = new BoundedMap<string, UnixMs>(TIPS_MAX);
  readonly #listeners: TipListener[] = [];
  #health: NodeHealth[];
  #inUse: number | undefined;

  /** @param nodes in order of preference */
  constructor(nodes: readonly ChainNode[], clock: Clock) {
    this.#clock = clock;
    this.#nodes = nodes.map((node) => ({ node, stateAt: undefined, templatesFailed: 0 }));
    this.#health = nodes.map(() => UNKNOWN_NODE);
  }

  get nodes(): readonly ChainNode[] {
    return this.#nodes.map(({ node }) => node);
  }

  /** Called when a source shows another tip (display order) than before. */
  onTip(listener: TipListener): void {
    this.#listeners.push(listener);
  }

  /** The source to use now, or undefined when none is healthy. */
  inUse(): ChainNode | undefined {
    this.#inUse = chooseNode(this.#health, this.#inUse, this.#clock.now());
    return this.#inUse === undefined ? undefined : this.#nodes[this.#inUse]?.node;
  }

  /** Highest tip that any source has shown. */
  height(): number {
    return Math.max(0, ...this.#health.map(({ height }) => height));
  }

  /** When some source last had this tip (display order). */
  lastShown(hash: string): UnixMs | undefined {
    return this.#tipShownAt.get(hash);
  }

  /** Asks one source for its tip; its failures count against it and are thrown on. */
  async poll(index: number): Promise<void> {
    const watched = this.#nodes[index];
    if (watched === undefined) return;
    const tip = await this.#counted(index, () => watched.node.bestBlockHash());
    const now = this.#clock.now();
    this.#tipShownAt.set(tip, now);
    const changed = this.#health[index]?.tip !== tip;
    if (changed || watched.stateAt === undefined || now >= watched.stateAt + STATE_MS) {
      const { height, initialDownload } = await this.#counted(index, () => watched.node.state());
      watched.stateAt = now;
      this.#learn(index, { tip, height, initialDownload });
    } else this.#learn(index, {});
    if (changed) for (const listener of this.#listeners) listener(tip);
  }

  /** The template of the source in use; undefined without one. */
  async template(node: ChainNode): Promise<Result<NodeTemplate, TemplateFault>> {
    const index = this.#nodes.findIndex((watched) => watched.node === node);
    try {
      const read = readNodeTemplate(await this.#counted(index, () => node.template()));
      if (read.ok) this.#learn(index, { foreignRule: hasForeignRule(read.value.rules) });
      else this.#fail(index);
      this.#countTemplate(index, read.ok);
      return read;
    } catch (error) {
      this.#countTemplate(index, false);
      throw error;
    }
  }

  /** Takes a source out of use for a while, such as one whose template an auditor judged invalid. */
  distrust(node: ChainNode): void {
    const index = this.#nodes.findIndex((watched) => watched.node === node);
    this.#learn(index, { distrustedUntil: later(this.#clock.now(), DISTRUST_MS) });
  }

  async #counted<T>(index: number, ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask();
      this.#learn(index, { failures: 0 });
      return answer;
    } catch (error) {
      this.#fail(index);
      throw error;
    }
  }

  /** A source may show its tip all the time and give no template, such as one without peers: then another one serves. */
  #countTemplate(index: number, given: boolean): void {
    const watched = this.#nodes[index];
    if (watched === undefined) return;
    watched.templatesFailed = given ? 0 : watched.templatesFailed + 1;
    const now = this.#clock.now();
    const another = this.#health.some((health, at) => at !== index && isHealthy(health, now));
    if (watched.templatesFailed < FAILURES_MAX || !another) return;
    watched.templatesFailed = 0;
    this.distrust(watched.node);
  }

  #fail(index: number): void {
    this.#learn(index, { failures: (this.#health[index]?.failures ?? 0) + 1 });
  }

  #learn(index: number, what: Partial<NodeHealth>): void {
    const now = this.#clock.now();
    const learned = this.#health.map((health, at) => (at === index ? { ...health, ...what } : health));
    this.#health = reviewed(learned, now);
    const [health, watched] = [this.#health[index], this.#nodes[index]];
    if (health !== undefined && watched !== undefined) nodeSeen(watched.node.id, isHealthy(health, now), health.height);
  }
}
