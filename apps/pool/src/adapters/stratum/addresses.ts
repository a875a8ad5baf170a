export interface AddressLimits {
  readonly connections: number;
  readonly perAddress: number;
  readonly newPerAddressS: number;
}

export type Admission = 'admitted' | 'connections' | 'per-address' | 'new-per-address';

interface Place {
  open: number;
  /** Second of the clock in which `fresh` connections came. */
  second: number;
  fresh: number;
}

/** Counts connections by the network that they come from. Keeps only places with an open connection or one of this second. */
export class Addresses {
  readonly #limits: AddressLimits;
  readonly #places = new Map<string, Place>();
  #open = 0;

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  admit(address: string, nowMs: number): Admission {
    if (this.#open >= this.#limits.connections) return 'connections';
    const second = Math.floor(nowMs / 1000);
    const place = this.#places.get(address) ?? { open: 0, second, fresh: 0 };
    this.#places.set(address, place);
    if (place.second !== second) Object.assign(place, { second, fresh: 0 });
    if (place.open >= this.#limits.perAddress) return 'per-address';
    if (place.fresh >= this.#limits.newPerAddressS) return 'new-per-address';
    place.open += 1;
    place.fresh += 1;
    this.#open += 1;
    return 'admitted';
  }

  left(address: string): void {
    const place = this.#places.get(address);
    if (place === undefined) return;
    place.open -= 1;
    this.#open -= 1;
  }

  /** Once a second: forgets addresses without a connection. */
  forget(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    for (const [address, place] of this.#places) {
      if (place.open === 0 && place.second !== second) this.#places.delete(address);
    }
  }
}
