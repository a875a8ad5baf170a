import type { QuoteMethod } from './quote.ts';
import { HASH_UNIT, SAT_UNIT, type Unit } from './unit.ts';

export interface MethodMeaning {
  /** The one unit of its quotes; undefined: any unit that a fund pays. */
  readonly unit: Unit | undefined;
  /** Shown by NUT-06. */
  readonly name: string;
}

/** 03-mint section 2: every method of quotes. */
export const METHODS: Readonly<Record<QuoteMethod, MethodMeaning>> = {
  ehash: { unit: HASH_UNIT, name: 'Mining shares' },
  reward: { unit: undefined, name: 'Rewards' },
  escrow: { unit: undefined, name: 'Escrow' },
  bolt11: { unit: SAT_UNIT, name: 'Lightning' },
};

/** The method of this name, or undefined when there is none. */
export function methodNamed(text: string): QuoteMethod | undefined {
  return Object.hasOwn(METHODS, text) ? (text as QuoteMethod) : undefined;
}
