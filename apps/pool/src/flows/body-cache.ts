import type { Bytes } from '@assay/shared/kernel/bytes';

const BODIES_MAX = 4;

/** Bodies of the latest templates, so that a block is submitted without a read. */
export class BodyCache {
  readonly #bodies = new Map<string, Bytes>();

  put(templateId: string, body: Bytes): void {
    this.#bodies.delete(templateId);
    this.#bodies.set(templateId, body);
    const [oldest] = this.#bodies.keys();
    if (this.#bodies.size > BODIES_MAX && oldest !== undefined) this.#bodies.delete(oldest);
  }

  get(templateId: string): Bytes | undefined {
    return this.#bodies.get(templateId);
  }
}
